import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.assessment.age_bands import parse_age_band

LAST = 99


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
        ],
    )
    def test_width_in_years(self, label, years):
        assert width(label) == years

    @pytest.mark.parametrize(
        "label",
        ["adults", "All Ages", "", " ", "5-", "-5", "1950-1955", "14-10", "65 and", "A5", "<0", "Total", "5-9-12", "+"],
    )
    def test_what_is_no_band(self, label):
        assert parse_age_band(label) is None

    @given(st.integers(0, 98), st.integers(0, 30))
    def test_closed_bands_in_many_spellings(self, low, more):
        high = low + more
        for template in (
            "{}-{}",
            "{} to {}",
            "Age {}\u2013{}",
            "{}-{} years",
            "ages {} through {} years old",
            "{:02}-{:02}",
        ):
            assert width(template.format(low, high)) == more + 1

    @given(st.integers(0, 99))
    def test_open_bands_end_at_99(self, low):
        for template in ("{}+", "{} and over", ">={}", "{} years or older"):
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
