"""A second scorer: the Publication Scoring Criteria, written again from the guideline's prose.

It shares no code with the package.
A table is described by what its columns show and by its smallest cell above zero:

    county, year = Shown("county", "residence_geography", people=3_900), Shown("year", "time", period="year")
    score("2.0", [county, year], smallest=1).total == 14
"""

from __future__ import annotations

from dataclasses import dataclass

from guideline import tables

_GEOGRAPHIES = ("residence_geography", "service_geography")
_PROGRAMS = ("means_tested_program", "expected_payer")


@dataclass(frozen=True)
class Shown:
    """One variable as the table shows it, by its riskiest category.

    Attributes:
        name: The column.
        variable: What the column says.
        people: Of the smallest area, plan, program or group.
        years: Width of the narrowest age band.
        period: day, week, month, quarter, half-year, year, or "3 years".
        labels: The groups, where the labels decide.
        groups: Their number, where nothing else is known.
        address: street, rural, frontier or hospital.
    """

    name: str
    variable: str
    people: int | None = None
    years: int | None = None
    period: str | None = None
    labels: tuple[str, ...] = ()
    groups: int = 2
    address: str | None = None


@dataclass(frozen=True)
class Score:
    events: int
    population: int
    others: dict[str, int]
    interactions: int

    @property
    def total(self) -> int:
        return self.events + self.population + sum(self.others.values()) + self.interactions


def score(edition: str, shown: list[Shown], smallest: int) -> Score:
    """Score one table."""
    of_population = [one for one in shown if _says_where(edition, one)]
    times = [one for one in shown if one.variable == "time"]
    rest = [one for one in shown if one not in of_population and one not in times]
    others = {one.name: of_variable(edition, one) for one in rest}
    others["time"] = _highest_reading([of_variable(edition, one) for one in times]) if times else _no_period()
    return Score(
        tables.EVENTS_TABLE.score(smallest),
        _population(edition, of_population),
        others,
        interactions(edition, sum(_interacts(edition, one) for one in rest), smallest),
    )


def interactions(edition: str, further: int, smallest: int) -> int:
    return tables.FURTHER[edition].score(further) if further else tables.ONLY.score(smallest)


def of_variable(edition: str, one: Shown) -> int:
    """Score one variable by itself."""
    if one.variable in tables.WITHOUT_TABLE[edition]:
        return tables.GROUPS.score(one.groups)
    match one.variable:
        case "time":
            return _time(one.period)
        case "age":
            return tables.AGE[edition].score(one.years)
        case "residence_geography":
            return tables.RESIDENCE[edition].score(one.people)
        case "service_geography":
            if one.address:
                return tables.ADDRESS[edition][one.address]
            return tables.SERVICE_AREA[edition].score(one.people)
        case "insurance_coverage":
            return tables.PLAN.score(one.people)
        case "means_tested_program" | "expected_payer":
            return tables.MEANS_TESTED.score(one.people)
        case "veteran_status" | "education":
            return tables.GENERAL_TABLE.score(one.people)
        case "other":
            return tables.GENERAL_TABLE.score(one.people) if one.people is not None else tables.GROUPS.score(one.groups)
        case _:
            return _by_labels(edition, one)


def _by_labels(edition: str, one: Shown) -> int:
    lines = [(set(labels), points) for variable, labels, points in tables.LABELS[edition] if variable == one.variable]
    fitting = [points for labels, points in lines if one.labels and set(one.labels) <= labels]
    if fitting:
        return min(fitting)
    # Detailed groups. Edition 1.0 has one line for them; 2.0 goes by the smallest group's statewide population.
    if edition == "1.0" or one.people is None:
        return max(points for _, points in lines)
    known = [label for label in one.labels if any(label in labels for labels, _ in lines)]
    listed = [min(points for labels, points in lines if label in labels) for label in known]
    detailed = tables.GENERAL_TABLE.score(one.people)
    if one.variable == "language":  # "starting at +2"
        detailed = max(2, detailed)
    if one.variable not in ("race", "race_ethnicity", "ethnicity", "language"):
        # Only these four lines speak of detailed groups; elsewhere what is finer takes the highest score listed, and
        # where the general table fits as well, the higher score holds.
        detailed = max(detailed, *(points for _, points in lines))
    return max([detailed, *listed])


def _no_period() -> int:
    """A table that shows no period may cover a day: nothing of it is safe but what is shown to be."""
    return max(*tables.TIME_WITHIN_A_YEAR.values(), *(band.score for band in tables.TIME_YEARS))


def _time(period: str | None) -> int:
    assert period is not None
    if period in tables.TIME_WITHIN_A_YEAR:
        return tables.TIME_WITHIN_A_YEAR[period]
    return tables.YEARS.score(1 if period == "year" else int(period.split()[0]))


def _says_where(edition: str, one: Shown) -> bool:
    """Geography, and in Edition 2.0 health plans, say which population people are of."""
    return one.variable in _GEOGRAPHIES or (edition == "2.0" and one.variable == "insurance_coverage")


def _interacts(edition: str, one: Shown) -> bool:
    """A program of more than 10,000,000 is no further variable (Appendix I, 2)."""
    if edition == "2.0" and one.variable in _PROGRAMS:
        assert one.people is not None
        return one.people <= tables.PROGRAM_INTERACTS_UP_TO
    return True


def _population(edition: str, shown: list[Shown]) -> int:
    """One term for where people are (Appendix I, 3 and 4).

    With a plan and an area, the plan counts where it has fewer members than the area has people, and the area
    otherwise; where two readings fit, the higher score holds, so that no further column makes the term lower.
    """
    areas = [of_variable(edition, one) for one in shown if one.variable in _GEOGRAPHIES]
    plans = [of_variable(edition, one) for one in shown if one.variable not in _GEOGRAPHIES]
    readings = [_highest_reading(points) for points in (areas, plans) if points]
    return max(readings, default=0)


def _highest_reading(points: list[int]) -> int:
    """Several columns of one kind are the sum of them, or its riskiest one: the higher score holds (Appendix I, 4)."""
    return sum(each for each in points if each > 0) or max(points)
