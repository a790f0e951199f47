import calendar
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.assessment.periods import months_of, period_of, unreadable

MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
years = st.integers(1800, 2199)


def word(*labels):
    period = period_of(labels)
    return None if period is None else period.word


class TestContractWords:
    @pytest.mark.parametrize(
        ("period", "months"),
        [("day", 0), ("week", 0), ("month", 1), ("quarter", 3), ("half-year", 6), ("year", 12), ("5 years", 60)],
    )
    def test_months(self, period, months):
        assert months_of(period) == months


class TestOneLabel:
    @pytest.mark.parametrize(
        ("period", "labels"),
        [
            ("year", "2024|CY 2024|CY2024|Calendar Year 2024|Year 2024|2024 (preliminary)|2024*|2024 provisional"),
            ("year", "FY 2023|FY2023|FY23|FY 23|SFY2022-23|SFY 2022-23|FFY 2023|Fiscal Year 2022-23|2022-23 FY"),
            ("year", "FY 2022-2023|State Fiscal Year 2022\u201323|2022-23|2022/23|2022\u20132023|1999-00|1999-2000"),
            ("year", "School Year 2022-23|2022-23 school year|Jan 2024 - Dec 2024|Jul 2022 - Jun 2023"),
            ("year", "1/1/2024 - 12/31/2024|2023Q4-2024Q3|July 2022-June 2023"),
            ("5 years", "2019-2023|2019-23|2019 to 2023|2019 - 2023|2019\u20132023|2019 through 2023|FY 2019-2023"),
            ("2 years", "FY 2022-23 to FY 2023-24|2022-23 to 2023-24"),
            ("3 years", "2018-2020|2018/2020|FY 2022-23 to FY 2024-25|2022-23 to 2024-25"),
            ("half-year", "2024H1|2024 H1|2024-H2|H1 2024|1H 2024|First half 2024|Jan-Jun 2024|Q1-Q2 2024|H1|H2 FY23"),
            ("quarter", "2024Q1|2024 Q1|2024-Q1|Q1 2024|Q1-2024|1Q24|1Q 2024|Q1 '24|Quarter 1 2024|2024 Qtr 1|Q4"),
            ("quarter", "First Quarter 2024|1st quarter of 2024|FY 2023 Q1|FY2022-23 Q1|Q1 FY23|FFY24 Q2|Jan-Mar 2024"),
            ("quarter", "January \u2013 March 2024|2024-01 to 2024-03|2024-01-01 to 2024-03-31"),
            (
                "month",
                "2024-03|2024/03|202403|03/2024|3/2024|Mar 2024|March 2024|march, 2024|Mar-24|Mar. 2024|2024 March",
            ),
            ("month", "2024M03|2024-M03|January|Sept 2023|May|2024-01-15 to 2024-02-14|Jan-Feb 2024"),
            ("week", "2024-W05|2024W05|Week 5 2024|Week 5, 2024|2024 week 5|Week 5|MMWR week 5 2024|EW 5|wk 12"),
            ("week", "Week ending 2024-01-06|week of 1/6/2024|Week beginning Jan 1, 2024|2024-01-01 to 2024-01-07"),
            ("day", "2024-01-15|01/15/2024|1/15/24|Jan 15, 2024|15 January 2024|20240115|2024-01-15 00:00:00"),
            ("day", "2024-01-15T00:00:00Z|2024-W05-1|January 2nd, 2024|2024-01-01|1.15.2024|2024-02-29"),
        ],
    )
    def test_realistic_spellings(self, period, labels):
        for label in labels.split("|"):
            assert word(label) == period, label

    @pytest.mark.parametrize(
        "label",
        ["Total", "All years", "", " ", "Alameda", "0-17", "65+", "5-9", "10-14", "12", "1", "99", "999", "2500",
         "2023-2019", "2023-2023", "2024-13", "2024-02-30", "2023-02-29", "Q5 2024", "H3 2024", "Week 54", "White",
         "12 months ending June 2024", "rolling 12 months", "YTD 2024", "Spring 2024", "before 2019", "1500",
         "2019 and earlier", "FY", "Q", "2024-W60", "13/2024", "20241301", "2024-25-26", "Mar-", "after 2020", "E11.9"],
    )  # fmt: skip
    def test_what_is_no_period(self, label):
        assert period_of([label]) is None

    def test_no_label_is_no_period(self):
        assert period_of([]) is None

    @given(st.integers(1800, 2150), st.integers(2, 50))
    def test_several_years_together(self, first, number):
        last = first + number - 1
        period = period_of([f"{first}-{last}"])
        assert f"{number} years" in period.readings
        assert period.word == ("year" if number == 2 else f"{number} years")

    @given(years, st.integers(1, 12))
    def test_every_month_in_every_spelling(self, year, month):
        name = MONTHS[month - 1]
        for label in (
            f"{year}-{month:02}", f"{month:02}/{year}", f"{year}/{month:02}", f"{year}{month:02}", f"{name} {year}",
            f"{name[:3]} {year}", f"{name[:3].upper()}-{year}", f"{name[:3]}-{year % 100:02}", f"{year} {name}",
        ):  # fmt: skip
            assert word(label) == "month", label

    @given(st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)))
    def test_every_day_in_every_spelling(self, day):
        name = MONTHS[day.month - 1]
        for label in (
            day.isoformat(), f"{day.month}/{day.day}/{day.year}", day.strftime("%Y%m%d"),
            f"{name} {day.day}, {day.year}", f"{day.day} {name[:3]} {day.year}", f"{day.isoformat()} 00:00:00",
        ):  # fmt: skip
            assert word(label) == "day", label

    @given(years, st.integers(1, 4))
    def test_every_quarter(self, year, number):
        first, last = MONTHS[3 * number - 3][:3], MONTHS[3 * number - 1][:3]
        for label in (f"{year}Q{number}", f"Q{number} {year}", f"{year}-Q{number}", f"{first}-{last} {year}"):
            assert word(label) == "quarter", label

    @pytest.mark.parametrize(
        ("period", "labels"),
        [
            ("month", "January 2020-2024|February 2020-2024|Jan 2020-2021|2020-2021 January|2019-2020 Jan|Jan 2020-21"),
            ("month", "2020 to Jan 2024|01/2020-2021|2024 (January)|2020-2024 (Mar)|January of 2020-2024"),
            ("quarter", "Q1 2020-2021|2020-2021 Q1|2020/2021 Q3|2020-2024 Q1|SFY 2020-2021 Q1|Q1 SFY 2020-2024"),
            ("quarter", "2024 (Q1)|2020-2024 (Q1)|2024 (Jan-Mar)|FY 2024 (Q1)|2024 (Q1) (preliminary)|2020-24 Q1"),
            ("quarter", "FY 2020 to FY 2024 Q1|Jan-Mar 2020-2024|2020 Q1-2021|Q1 2020 and 2021"),
            ("half-year", "2020-2021 H1|H1 2019-2023|First half of 2019-2023|2024 (H2)|Q1-Q2 2020-2024"),
            ("week", "2023-2024 week 3|2024 (week 3)"),
            ("day", "2024 (Jan 5)|Jan 1 2020-2024"),
            ("year", "2024 (n=5)|2024 (fiscal year)|FY 2023 (July 2022 - June 2023)|2024 (Q1-Q4)|2019-2023 (2023)"),
            ("5 years", "2019-2023 (5 years)|Jan 2020 - Dec 2024|Q1 2020 - Q4 2024"),
        ],
    )
    def test_a_part_beside_years_or_in_parentheses_decides(self, period, labels):
        for label in labels.split("|"):
            assert word(label) == period, label

    @pytest.mark.parametrize(
        "label",
        ["2024 (first quarter only)", "2024 (through June)", "2024 [Q1]", "Q1 2020 - Mar 2024", "2020-2021 fall"],
    )
    def test_a_part_that_cannot_be_read_is_not_passed_over(self, label):
        assert period_of([label]) is None

    @given(
        st.sampled_from(
            [(f"{way}{n}", 6 if way in "Hh" else 3) for way in ("Q", "H", "q") for n in (1, 2)]
            + [(f"{nth} {what}", 6 if what == "half" else 3) for nth in ("1st", "2nd") for what in ("half", "quarter")]
            + [(name[:end], 1) for name in MONTHS for end in (3, None)]
        ),
        st.integers(1990, 2050),
        st.integers(0, 12),
        st.sampled_from(["-", "/", " - ", "\u2013", " to ", " through ", " and "]),
        st.booleans(),
        st.sampled_from(["{part} {years}", "{years} {part}", "{years} ({part})", "{part}, {years}", "{years}, {part}",
                         "{part} of {years}", "{years}-{part}", "{part} ({years})", "FY {years} {part}",
                         "{part} FY {years}", "{years} ({part})*", "{years}: {part}", "CY {years} {part}"]),
    )  # fmt: skip
    def test_a_part_of_years_is_never_read_as_longer_than_the_part(self, part, first, more, joiner, brief, form):
        name, months = part
        last = f"{(first + more) % 100:02}" if brief else f"{first + more}"
        label = form.format(part=name, years=f"{first}{joiner}{last}" if more else f"{first}")
        period = period_of([label])
        assert period is None or max(map(months_of, period.readings)) <= months, label

    @given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 4000))
    def test_a_span_is_never_read_as_longer_than_it_is(self, first, days):
        last = first + dt.timedelta(days=days)
        read = word(f"{first.isoformat()} to {last.isoformat()}")
        shortest = {"day": 1, "week": 7, "month": 28, "quarter": 89, "half-year": 181}
        assert days + 1 >= shortest.get(read, months_of(read) // 12 * 365)

    @given(st.text(max_size=20))
    def test_any_text_is_a_period_or_none(self, label):
        period = period_of([label])
        assert (period is None) == (unreadable([label]) == [label])
        assert period is None or months_of(period.word) >= 0

    def test_names_of_months_do_not_depend_on_the_machine(self, monkeypatch):
        monkeypatch.setattr(calendar, "month_name", ["", *"abcdefghijkl"])
        monkeypatch.setattr(calendar, "month_abbr", ["", *"abcdefghijkl"])
        assert word("August 1999") == "month"


class TestSeveralLabels:
    def test_the_finest_decides_where_they_mix(self):
        assert word("2023", "2024 Q1") == "quarter"
        assert word("2019-2023", "2023") == "year"
        assert word("2024", "Jan 2024", "2024 Q1") == "month"
        assert word("Jan 2024", "2024-01-15") == "day"

    def test_two_years_or_one_fiscal_year_the_shorter_holds(self):
        period = period_of(["2021-22", "2023-24"])
        assert period.word == "year"
        assert period.readings == ("year", "2 years")

    def test_fiscal_years_that_share_a_year_are_no_pairs(self):
        for labels in (["2020-21", "2021-22"], ["2020-2021", "2021-2022"]):
            assert period_of(labels).readings == ("year",)

    @pytest.mark.parametrize(
        "labels",
        [
            ["2024 (wave 1)", "2024 (wave 2)"],
            ["FY 2023 (North)", "FY 2023 (South)"],
            ["2019-2023 (A)", "2019-2023 (B)"],
            ["2024", "1/1/2024 - 12/31/2024"],
            ["Jan-Dec 2024", "Jul 2024 - Jun 2025"],
            ["Mar 2020 - Feb 2022", "Jun 2021 - Dec 2024"],
        ],
    )
    def test_different_labels_for_the_same_time_were_not_read_rightly(self, labels):
        assert period_of(labels) is None
        assert unreadable(labels) == []

    def test_nothing_is_shorter_than_a_month(self):
        assert word("Jan 2024", "2024-01") == "month"

    def test_rolling_years_overlap(self):
        assert word("2019-2021", "2020-2022") == "3 years"

    def test_a_label_that_may_be_a_month_is_one_unless_the_others_cannot_be(self):
        assert word("2010-11", "2011-12") == "month"
        assert word("2010-11", "2011-12", "2012-13") == "year"

    def test_dates_are_days_unless_declared_otherwise(self):
        period = period_of(["2022-01-01", "2023-01-01", "2024-01-01"])
        assert period.word == "day"
        assert period.fits("year")
        assert period.fits("month")
        assert not period.fits("2 years")

    def test_dates_stand_only_for_periods_that_do_not_overlap(self):
        quarters = period_of(["2024-01-01", "2024-04-01", "2024-07-01"])
        assert quarters.fits("quarter")
        assert not quarters.fits("year")
        weeks = period_of(["2024-01-06", "2024-01-13"])
        assert weeks.fits("week")
        assert not weeks.fits("month")
        assert not period_of(["2024-01-06", "2024-01-07"]).fits("week")

    def test_the_last_day_stands_for_its_period_too(self):
        assert period_of(["2023-12-31", "2024-12-31"]).fits("year")
        assert period_of(["2023-06-30", "2024-06-30"]).fits("year")
        assert period_of(["2024-01-31", "2024-02-29"]).fits("month")
        assert not period_of(["2024-01-30"]).fits("month")

    def test_one_that_cannot_be_read_leaves_it_open(self):
        assert period_of(["2023", "recent"]) is None
        assert unreadable(["2023", "recent"]) == ["recent"]

    @given(st.lists(years, min_size=1, max_size=5, unique=True))
    def test_years(self, labels):
        period = period_of(map(str, labels))
        assert (period.word, period.readings) == ("year", ("year",))
        assert period.fits("year")
        assert period.fits("1 years")
        assert not period.fits("5 years")
        assert not period.fits("month")
