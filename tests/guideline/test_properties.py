"""Both scorers side by side over random tables, and what must hold for any table."""

import dataclasses

import pytest
from guideline import tables
from guideline.product import assess_shown, terms_of
from guideline.scorer import Shown, interactions, score
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NEAR_EDGES = sorted({edge for table in tables.BY_PEOPLE["2.0"] for edge in table.edges if edge > 0})
WITHIN_A_YEAR = ("day", "week", "month", "quarter", "half-year")  # the finest first
PERIODS = (*WITHIN_A_YEAR, "year", "2 years", "4 years", "5 years", "9 years")
SMALLEST = (1, 2, 3, 4, 5, 10, 11, 99, 100, 999, 1_000, 5_000)
DETAILED = ("race", "race_ethnicity", "ethnicity", "language")

people = st.sampled_from(NEAR_EDGES) | st.integers(1, 14_000_000)
runs = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
both_editions = pytest.mark.parametrize("edition", tables.EDITIONS)


def counts_with(smallest):
    return smallest, 0, smallest + 7


def _sized(name, variable):
    return people.map(lambda number: Shown(name, variable, people=number))


def _address(kind):
    return Shown("clinic", "service_geography", people=60_000, address=kind)


def _listed(edition, variable):
    lines = [labels for name, labels, _ in tables.LABELS[edition] if name == variable]
    return st.sampled_from(lines).map(lambda labels: Shown(variable, variable, labels=labels))


def _detailed(variable):
    listed = tables.LABELS["2.0"]
    broad = next(labels for name, labels, _ in listed if name == variable)[0]
    return people.map(lambda number: Shown(variable, variable, people=number, labels=(broad, "Group B")))


def columns_of(edition):
    """Give strategies for the columns a table may have, by column."""
    found = {
        "home": _sized("home", "residence_geography"),
        "clinic": _sized("clinic", "service_geography")
        | st.sampled_from(sorted(tables.ADDRESS[edition])).map(_address),
        "when": st.sampled_from(PERIODS).map(lambda period: Shown("when", "time", period=period)),
        "span": st.sampled_from(PERIODS).map(lambda period: Shown("span", "time", period=period)),
        "age": st.integers(1, 44).map(lambda years: Shown("age", "age", years=years)),
        "kind": st.integers(1, 14).map(lambda groups: Shown("kind", "other", groups=groups)),
        "stage": st.integers(1, 14).map(lambda groups: Shown("stage", "other", groups=groups)),
    }
    for variable in {name for name, _, _ in tables.LABELS[edition]}:
        found[variable] = _listed(edition, variable)
        if edition == "2.0" and variable in DETAILED:
            found[variable] |= _detailed(variable)
    if edition == "2.0":
        found["plan"] = _sized("plan", "insurance_coverage")
        found["program"] = _sized("program", "means_tested_program")
        found["payer"] = _sized("payer", "expected_payer")
        found["veteran"] = _sized("veteran", "veteran_status")
        found["schooling"] = _sized("schooling", "education")
        found["group"] = _sized("group", "other")
    return found


COLUMNS = {edition: columns_of(edition) for edition in tables.EDITIONS}
POPULATION = {"home", "clinic", "plan"}


@st.composite
def random_tables(draw, edition, at_most=5):
    names = draw(st.lists(st.sampled_from(sorted(COLUMNS[edition])), min_size=1, max_size=at_most, unique=True))
    return [draw(COLUMNS[edition][name]) for name in names]


class TestSideBySide:
    @both_editions
    @runs
    @given(data=st.data())
    def test_equal_totals_and_terms(self, edition, data):
        shown = data.draw(random_tables(edition))
        smallest = data.draw(st.sampled_from(SMALLEST))
        found = assess_shown(edition, shown, counts_with(smallest))
        expected = score(edition, shown, smallest)
        terms = terms_of(found)
        assert found.score.total == expected.total
        assert terms["events"] == expected.events
        assert terms["interactions"] == expected.interactions
        assert {name: terms[name] for name in expected.others if name != "time"} == {
            name: points for name, points in expected.others.items() if name != "time"
        }

    @runs
    @given(data=st.data())
    def test_what_holds_for_the_whole_table(self, data):
        """A period, the state and a program under `scope` score as they would as columns."""
        shown = [one for one in data.draw(random_tables("2.0", 3)) if one.name not in {*POPULATION, "when", "span"}]
        shown = shown or [Shown("sex", "sex", labels=("Male", "Female"))]
        number, enrolled = data.draw(people), data.draw(people)
        period = data.draw(st.sampled_from(PERIODS))
        scope = [
            {"variable": "residence_geography", "population": number},
            {"variable": "means_tested_program", "enrollment": enrolled},
            {"variable": "time", "period": period},
        ]
        as_columns = [
            Shown("area", "residence_geography", people=number),
            Shown("scheme", "means_tested_program", people=enrolled),
            Shown("period", "time", period=period),
        ]
        found = assess_shown("2.0", shown, scope=scope)
        assert found.score.total == score("2.0", [*shown, *as_columns], 1).total


def _finer(draw, edition, one):
    """Give the same column with finer categories."""
    if one.variable == "time":
        until = PERIODS.index(one.period) + 1
        return dataclasses.replace(one, period=draw(st.sampled_from(PERIODS[:until])))
    if one.variable == "age":
        return dataclasses.replace(one, years=draw(st.integers(1, one.years)))
    if one.people is not None:
        return dataclasses.replace(one, people=draw(st.integers(1, one.people)))
    if one.variable == "other":
        return dataclasses.replace(one, groups=draw(st.integers(one.groups, one.groups + 8)))
    wider = [
        labels for name, labels, _ in tables.LABELS[edition] if name == one.variable and set(one.labels) <= set(labels)
    ]
    finer = dataclasses.replace(one, labels=draw(st.sampled_from(wider)))
    if edition == "2.0" and one.variable in DETAILED and draw(st.booleans()):
        return dataclasses.replace(finer, labels=(*finer.labels, "Group B"), people=draw(people))
    return finer


class TestFinerNeverScoresLower:
    @both_editions
    @runs
    @given(data=st.data())
    def test_any_variable_and_smaller_cells(self, edition, data):
        shown = data.draw(random_tables(edition, 4))
        changed = data.draw(st.integers(0, len(shown) - 1))
        finer = [_finer(data.draw, edition, one) if at == changed else one for at, one in enumerate(shown)]
        smallest = data.draw(st.sampled_from(SMALLEST))
        smaller = data.draw(st.integers(1, smallest))
        before = assess_shown(edition, shown, counts_with(smallest)).score.total
        after = assess_shown(edition, finer, counts_with(smaller)).score.total
        assert after >= before


class TestNoPeriod:
    @both_editions
    @settings(runs, max_examples=8)  # each is assessed for every period
    @given(data=st.data())
    def test_saying_which_period_it_is_never_scores_higher(self, edition, data):
        """What is not declared is not safe: as if it were the finest period."""
        shown = [one for one in data.draw(random_tables(edition, 3)) if one.variable != "time"]
        shown = shown or [Shown("sex", "sex", labels=("Male", "Female"))]
        unsaid = assess_shown(edition, shown).score.total
        said = {
            period: assess_shown(edition, shown, scope=[{"variable": "time", "period": period}]).score.total
            for period in PERIODS
        }
        assert unsaid == max(said.values()) == said["day"] > said["year"]


class TestOneMoreVariable:
    @both_editions
    @runs
    @given(data=st.data())
    def test_never_scores_lower_than_the_interaction_table_says(self, edition, data):
        names = data.draw(st.lists(st.sampled_from(sorted(COLUMNS[edition])), min_size=2, max_size=5, unique=True))
        *shown, added = [data.draw(COLUMNS[edition][name]) for name in names]
        smallest = data.draw(st.sampled_from(SMALLEST))
        smaller = data.draw(st.integers(1, smallest))
        before = assess_shown(edition, shown, counts_with(smallest))
        after = assess_shown(edition, [*shown, added], counts_with(smaller))
        rise = after.score.total - before.score.total
        if added.variable == "time":  # it interacts with nothing; a first period says what nobody had said
            first = not any(one.variable == "time" for one in shown)
            said = score(edition, [added], 1).others["time"] - score(edition, [], 1).others["time"]
            assert rise >= (said if first else 0)
        elif added.name in POPULATION:
            first = not any(one.name in POPULATION for one in shown)
            assert rise >= (score(edition, [added], 1).population if first else 0)
        else:
            further = [one for one in shown if one.name not in {*POPULATION, "when", "span"}]
            assert terms_of(after)["interactions"] >= terms_of(before)["interactions"]
            assert rise >= 0
            if added.variable not in ("means_tested_program", "expected_payer") and not any(
                one.variable in ("means_tested_program", "expected_payer") for one in further
            ):
                by_table = [interactions(edition, len(further) + more, smallest) for more in (0, 1)]
                assert rise >= 1 + by_table[1] - by_table[0]
