import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.assessment.age_bands import parse_age_band

LAST = 99
CLOSED = (
    "{}-{}", "{} - {}", "{} to {}", "Age {}\u2013{}", "{}\u2014{}", "{}\u2212{}", "{}-{} years", "{} \u2013 {} yrs",
    "ages {} through {} years old", "{} thru {}", "{:02}-{:02}", "{} years to {} years", "Aged {} to {}", "{}-{} y/o",
    "between {} and {}", "from {} to {}", "{}_{}", "age_{}_{}", "Age group {}-{}", "Ages: {}-{}", "{}-{} year olds",
    "{} to {} years of age", "{}-{} (years)", "Adults {}-{}", "Adults ({}-{})", "{}-{} (adults)", "[{}, {}]", "{}~{}",
    "{}-{} yrs.",
)  # fmt: skip
HALF_CLOSED = ("{} to <{}", "{}-<{}", "{} to under {}", "{} to less than {} years", "[{}, {})", "[{}.0, {}.0)")
OPEN = (
    "{}+", "{} +", "{}+ years", "{} years +", "{} and over", "{} & over", "{} or more", "{} plus", "{}-plus", ">={}",
    "≥ {} yrs", "{} years or older", "{} years and over", "{} years of age and older", "at least {}", "Seniors {}+",
    "Seniors ({}+)", "Age {}+", "[{}, inf)", "{} and above", "{} and up", "from {}", "≥{}",
)  # fmt: skip


def width(label):
    band = parse_age_band(label)
    return None if band is None else band.years(LAST)


class TestLabels:
    @pytest.mark.parametrize(
        ("label", "years"),
        [
            ("0-17", 18),
            ("18 to 24", 7),
            ("65+", 35),
            ("<1", 1),
            ("Under 1 year", 1),
            ("85 years and over", 15),
            ("Ages 5\u20139", 5),
            ("90+", 10),
            ("42", 1),
            ("Age 42", 1),
            ("1 year", 1),
            ("0", 1),
            ("Age <1", 1),
            ("Age 75+", 25),
            ("Age 10-14", 5),
            ("1-4 years", 4),
            ("35-44 years", 10),
            ("00-04", 5),
            ("10 \u2013 14", 5),
            ("10\u221214 yrs.", 5),
            ("18 through 24 years old", 7),
            ("18 years to 24 years", 7),
            ("Aged 5-9 years of age", 5),
            ("Under 18", 18),
            ("under 5 years", 5),
            ("less than 1 year", 1),
            ("younger than 18", 18),
            ("<=17", 18),
            ("≤17", 18),
            ("17 and under", 18),
            ("17 years or younger", 18),
            ("up to 17", 18),
            ("18-<25", 7),
            ("65 and older", 35),
            ("65 or older", 35),
            ("65 years or older", 35),
            ("65 & over", 35),
            ("65 plus", 35),
            ("65+ years", 35),
            ("65 years +", 35),
            (">=65", 35),
            ("≥ 65", 35),
            ("at least 65", 35),
            (">64", 35),
            ("over 64", 35),
            ("older than 64", 35),
            ("85 years and above", 15),
            ("100+", 1),
            ("99+", 1),
            ("98+", 2),
            ("0-5 months", 1),
            ("<6 months", 1),
            ("12-35 months", 2),
            ("6 months-2 years", 2),
            ("0-27 days", 1),
            ("0-6 days", 1),
            ("1-51 weeks", 1),
            ("20-yr", 1),
            ("0 \u2013 17 yrs", 18),
            ("<1 year", 1),
            ("25-34 years", 10),
            ("≥85", 15),
            ("0 to <5", 5),
            ("1 to under 5", 4),
            ("1 to less than 5", 4),
            ("10 thru 14", 5),
            ("18 up to 24", 7),
            ("18~24", 7),
            ("between 18 and 24", 7),
            ("from 18 to 24", 7),
            ("infant", 1),
            ("Infants", 1),
            ("newborn", 1),
            ("Birth", 1),
            ("Birth to 4", 5),
            ("birth-5 years", 6),
            ("Infants (<1)", 1),
            ("Infant (under 1 year)", 1),
            ("less than one year", 1),
            ("5_9", 5),
            ("age_5_9", 5),
            ("age_group_05_09", 5),
            ("Age group: 05 to 09", 5),
            ("AGE 5 TO 9 YEARS", 5),
            ("5-9 year-olds", 5),
            ("5-9 yr olds", 5),
            ("20s", 10),
            ("20's", 10),
            ("75 & up", 25),
            ("75-plus", 25),
            ("75 and more", 25),
            ("75+ yrs old", 25),
            ("65-over", 35),
            ("5 & under", 6),
            ("17 or less", 18),
            ("through 17", 18),
            ("0-4 years (inclusive)", 5),
            ("0-17 (years)", 18),
            ("Adults 18-64", 47),
            ("Adults (18-64)", 47),
            ("Adult (18+)", 82),
            ("65+ (seniors)", 35),
            ("Seniors 65 and older", 35),
            ("Children (under 18)", 18),
            ("Youth, 12-17", 6),
            ("Young adults 18-25", 8),
            ("School age (5-17)", 13),
            ("school-aged children 5-17", 13),
            ("[18, 25)", 7),
            ("(17, 24]", 7),
            ("(64.0, 74.0]", 10),
            ("[65, inf)", 35),
            ("85-99", 15),
            ("85-120", 15),
            ("85-999", 15),
        ],
    )
    def test_width_in_years(self, label, years):
        assert width(label) == years

    @pytest.mark.parametrize(
        "label",
        [
            "adults",
            "All Ages",
            "",
            " ",
            "5-",
            "-5",
            "1950-1955",
            "14-10",
            "65 and",
            "A5",
            "<0",
            "Total",
            "5-9-12",
            "+",
            "2019",
            "2019-2023",
            "White",
            "Alameda",
            "Unknown",
            "children",
            "seniors",
            "school age",
            "working age",
            "teens",
            "Adults (18-64, 65+)",
            "0-17 (Alameda)",
            "[25, 18)",
            "(17, 17]",
            "[18; 25",
            "between 24 and 18",
            "Q1",
            "18/24",
        ],
    )
    def test_what_is_no_band(self, label):
        assert parse_age_band(label) is None

    @given(st.integers(0, LAST), st.integers(0, LAST))
    def test_closed_bands_in_every_spelling(self, one, other):
        low, high = sorted((one, other))
        for template in CLOSED:
            assert width(template.format(low, high)) == high - low + 1, template
        for template in HALF_CLOSED:
            assert width(template.format(low, high + 1)) == high - low + 1, template

    @given(st.integers(0, LAST), st.integers(LAST + 1, 999))
    def test_no_band_is_wider_than_the_open_one(self, low, high):
        assert width(f"{low}-{high}") == width(f"{low}+") == LAST - low + 1

    @given(st.integers(0, LAST - 1), st.integers(1, LAST))
    def test_a_band_written_backwards_is_none(self, low, less):
        high = low + less
        for template in CLOSED:
            assert width(template.format(high, low)) is None, template

    @given(st.integers(0, 99))
    def test_open_bands_end_at_99(self, low):
        for template in OPEN:
            assert width(template.format(low)) == LAST - low + 1

    @given(st.integers(1, 99))
    def test_a_band_under_an_age_begins_at_birth(self, high):
        for template in ("<{}", "under {}", "less than {} years"):
            assert width(template.format(high)) == high

    @given(st.text(max_size=20))
    def test_any_text_is_a_band_of_at_least_a_year_or_none(self, label):
        assert width(label) is None or width(label) >= 1


class TestAgesOverALimit:
    @pytest.mark.parametrize("label", ["90", "95-99", "90-94"])
    def test_closed_bands_above_it(self, label):
        assert parse_age_band(label).lies_above(89)

    @pytest.mark.parametrize("label", ["89", "85-94", "90+", "95+", "85 and over", "0-120"])
    def test_others(self, label):
        assert not parse_age_band(label).lies_above(89)
