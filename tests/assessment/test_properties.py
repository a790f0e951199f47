"""What must hold for every table, by both editions."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import Variable

QUICK = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIZES = st.integers(0, 19_000_000)  # of each of two areas, which together are no larger than the state
STATE = 40_000_000
NARROWING = {
    "residence_geography": "population",
    "service_geography": "population",
    "insurance_coverage": "members",
    "means_tested_program": "enrollment",
    "expected_payer": "enrollment",
    "veteran_status": "population",
    "education": "population",
    "other": "population",
    "sex": "population",
    "sexual_orientation": "population",
    "intersex": "population",
    "race": "population",
    "race_ethnicity": "population",
    "ethnicity": "population",
    "language": "population",
}

# Every variable that is neither time nor a population term, with labels that need no size, or with one.
FURTHER = {
    "sex": ({"variable": "sex"}, ["Male", "Female"]),
    "orientation": ({"variable": "sexual_orientation"}, ["Straight", "Bisexual"]),
    "gender": ({"variable": "gender_identity"}, ["Man", "Woman"]),
    "intersex": ({"variable": "intersex"}, ["Yes", "No"]),
    "age": ({"variable": "age"}, ["0-17", "18-64", "65+"]),
    "race": ({"variable": "race"}, ["White", "Asian", "Mixed"]),
    "inclusive": ({"variable": "race", "additive": False}, ["White", "Asian"]),
    "combined": ({"variable": "race_ethnicity"}, ["White", "Latino", "NHPI"]),
    "ethnicity": ({"variable": "ethnicity"}, ["Hispanic", "Not Hispanic"]),
    "language": ({"variable": "language"}, ["English", "Spanish"]),
    "immigration": ({"variable": "immigration_status"}, ["Citizen", "Foreign born"]),
    "veteran": ({"variable": "veteran_status", "population": 1_400_000}, ["p", "q"]),
    "education": ({"variable": "education", "population": 5_000_000}, ["p", "q"]),
    "disease": ({"variable": "other"}, ["x", "y"]),
    "program": ({"variable": "means_tested_program", "enrollment": 900_000}, ["p"]),
    "payer": ({"variable": "expected_payer", "enrollment": 5_500_000}, ["p"]),
}

# Lines of the interaction table, typed from the guideline: by the number of further crossed variables.
INTERACTION = {"calhhs-ddg-2.0": {1: 1, 2: 2, 3: 4}, "calhhs-ddg-1.0": {1: 1, 2: 2, 3: 3}}


@pytest.fixture(params=["calhhs-ddg-2.0", "calhhs-ddg-1.0"])
def edition(request):
    return request.param


def county(population):
    return ({"variable": "residence_geography", "population": population}, ["A", "B"])


class TestFinerNeverScoresLower:
    @QUICK
    @given(st.sampled_from(sorted(NARROWING)), SIZES, SIZES)
    def test_smaller_groups(self, assessed, edition, variable, one, other):
        key = NARROWING[variable]
        small, large = sorted((one, other))
        totals = [
            assessed({"it": ({"variable": variable, key: {"p": size, "q": STATE}}, ["p", "q"])}, by=edition).score.total
            for size in (small, large)
        ]
        assert totals[0] >= totals[1]

    @QUICK
    @given(st.sampled_from(sorted(NARROWING)), st.lists(SIZES, min_size=1, max_size=5), SIZES)
    def test_a_further_group(self, assessed, edition, variable, sizes, further):
        """One more category beside the others, larger or smaller."""

        def total(groups):
            named = {f"p{number}": size for number, size in enumerate(groups)}
            declared = {"variable": variable, NARROWING[variable]: named}
            return assessed({"it": (declared, list(named))}, counts=(1,), by=edition).score.total

        assert total([*sizes, further]) >= total(sizes)

    @QUICK
    @given(SIZES, SIZES, st.sampled_from(["street", "rural", "frontier", "hospital", None]), st.booleans())
    def test_a_smaller_service_area(self, assessed, edition, one, other, kind, residents_only):
        small, large = sorted((one, other))
        declared = {"variable": "service_geography", "residents_only": residents_only}
        if kind is not None:
            declared["address"] = {"p": kind}
        totals = [
            assessed({"it": (declared | {"population": {"p": size, "q": STATE}}, ["p", "q"])}, by=edition)
            for size in (small, large)
        ]
        assert totals[0].score.total >= totals[1].score.total

    @QUICK
    @given(SIZES, st.sampled_from(["street", "rural", "frontier", "hospital"]))
    def test_an_address_instead_of_its_area(self, assessed, edition, population, kind):
        declared = {"variable": "service_geography", "population": population}
        area = assessed({"it": (declared, ["p", "q"])}, by=edition).score.total
        assert assessed({"it": (declared | {"address": kind}, ["p", "q"])}, by=edition).score.total >= area
        # what nobody declared is the riskiest
        undeclared = assessed({"it": (declared, ["12 Main Street", "q"])}, by=edition).score.total
        declared = declared | {"address": {"12 Main Street": kind}}
        assert undeclared >= assessed({"it": (declared, ["12 Main Street", "q"])}, by=edition).score.total

    @QUICK
    @given(st.lists(st.integers(1, 89), min_size=1, max_size=8, unique=True), st.integers(1, 89))
    def test_a_further_cut_between_age_bands(self, assessed, edition, cuts, further):
        def total(ends):
            starts = [0, *sorted(ends)]
            labels = [f"{a}-{b - 1}" for a, b in itertools.pairwise(starts)]
            dimensions = {"age": ({"variable": "age"}, [*labels, f"{starts[-1]}+"])}
            return assessed(dimensions, counts=(1,), by=edition).score.total

        # A cut at 90 or above leaves closed bands that may not be told apart.
        assert total({*cuts, further}) >= total(set(cuts))

    @QUICK
    @given(st.integers(1, 60), st.integers(1, 60))
    def test_more_groups(self, assessed, edition, one, other):
        few, many = sorted((one, other))

        def total(groups):
            labels = [f"Group {n}" for n in range(groups)]
            return assessed({"it": ({"variable": "other"}, labels)}, counts=(1,), by=edition).score.total

        assert total(many) >= total(few)

    @QUICK
    @given(st.integers(1, 3000), st.integers(1, 3000))
    def test_a_smaller_cell(self, assessed, edition, one, other):
        small, large = sorted((one, other))
        totals = [
            assessed({"county": county(9_000)}, counts=(cell, 5000), by=edition).score.total for cell in (small, large)
        ]
        assert totals[0] >= totals[1]

    def test_a_shorter_period(self, assessed, edition):
        periods = ["10 years", "5 years", "3 years", "2 years", "year", "half-year", "quarter", "month", "week", "day"]
        totals = [
            assessed({"t": ({"variable": "time", "period": period}, ["1"])}, counts=(1,), by=edition).score.total
            for period in periods
        ]
        assert totals == sorted(totals)


class TestCrossingNeverScoresLower:
    @QUICK
    @given(
        st.lists(st.sampled_from(sorted(FURTHER)), unique=True, max_size=6),
        st.sampled_from(sorted(FURTHER)),
        SIZES,
        st.integers(1, 12),
    )
    def test_a_further_variable(self, assessed, edition, chosen, added, population, cell):
        """Cells only get smaller when a table is broken down further: here they stay, the mildest case."""
        before = {"county": county(population), **{name: FURTHER[name] for name in chosen if name != added}}
        after = {**before, added: FURTHER[added]}
        further = len(after) - 1
        assessment = assessed(after, counts=(cell,), by=edition)
        assert assessment.score.total >= assessed(before, counts=(cell,), by=edition).score.total
        (term,) = [term for term in assessment.score.terms if term.variable == "interactions"]
        assert term.score == INTERACTION[edition][min(further, 3)]

    @QUICK
    @given(st.sampled_from(sorted(FURTHER)), SIZES, st.sampled_from(["scope", "implied"]))
    def test_what_is_told_without_a_column(self, assessed, edition, told, population, how):
        """Scope and implied characteristics narrow people down as well."""
        declared, labels = FURTHER[told]
        size = {"population": population} if how == "implied" else {NARROWING.get(told, "population"): population}
        if declared["variable"] in ("means_tested_program", "expected_payer") and how == "scope":
            size = {"enrollment": population}
        one = {"variable": declared["variable"], "label": labels[0], **size}
        alone = assessed({"county": county(9_000)}, counts=(1,), by=edition).score.total
        if how == "scope":
            told_too = assessed({"county": county(9_000)}, counts=(1,), scope=[one], by=edition).score.total
        else:
            telling = (county(9_000)[0] | {"implies": [one]}, ["A", "B"])
            told_too = assessed({"county": telling}, counts=(1,), by=edition).score.total
        assert told_too >= alone

    @QUICK
    @given(SIZES, SIZES, st.sampled_from(["residence_geography", "service_geography"]))
    def test_a_plan_beside_a_geography(self, assessed, edition, population, members, variable):
        place = ({"variable": variable, "population": population}, ["A", "B"])
        plan = ({"variable": "insurance_coverage", "members": members}, ["P", "Q"])
        together = assessed({"county": place, "plan": plan}, counts=(1,), by=edition).score.total
        assert together >= assessed({"county": place}, counts=(1,), by=edition).score.total
        if edition == "calhhs-ddg-2.0":  # by 1.0 a plan is no term of its own, and a large area lowers any score
            assert together >= assessed({"plan": plan}, counts=(1,), by=edition).score.total

    @QUICK
    @given(SIZES, SIZES)
    def test_a_geography_beside_another(self, assessed, edition, one, other):
        home = ({"variable": "residence_geography", "population": one}, ["A", "B"])
        clinic = ({"variable": "service_geography", "population": other}, ["A", "B"])
        together = assessed({"home": home, "clinic": clinic}, counts=(1,), by=edition).score.total
        assert together >= assessed({"home": home}, counts=(1,), by=edition).score.total
        assert together >= assessed({"clinic": clinic}, counts=(1,), by=edition).score.total


class TestAnyTable:
    @QUICK
    @given(st.lists(st.integers(0, 2000), min_size=4, max_size=4), SIZES)
    def test_counts_and_decision_agree_with_the_guideline(self, assessed, cells, population):
        dimensions = {"county": county(population), "sex": FURTHER["sex"]}
        assessment = assessed(dimensions, counts=cells)
        assert assessment.counts.small_cells == sum(1 for cell in cells if 1 <= cell <= 10)
        assert assessment.counts.zero_cells == cells.count(0)
        assert (assessment.decision == "mask") == (assessment.score.total > 12)
        assert assessment.score.total == sum(term.score for term in assessment.score.terms)

    def test_every_variable_of_a_contract_is_scored(self, assessed, edition):
        labels = {
            "age": ["0-17"],
            "sex": ["Male"],
            "sexual_orientation": ["Straight"],
            "gender_identity": ["Man"],
            "intersex": ["Yes"],
            "race": ["White"],
            "race_ethnicity": ["White"],
            "ethnicity": ["Hispanic"],
            "language": ["English"],
            "immigration_status": ["Citizen"],
        }
        declared = {
            "time": {"period": "year"},
            "insurance_coverage": {"members": 1},
            "means_tested_program": {"enrollment": 1},
            "expected_payer": {"enrollment": 1},
            "veteran_status": {"population": 1},
            "education": {"population": 1},
            "residence_geography": {"population": 1},
            "service_geography": {"population": 1},
        }
        for variable in Variable:
            name = variable.value
            declaration = {"variable": name, **declared.get(name, {})}
            terms = assessed({"it": (declaration, labels.get(name, ["A"]))}, by=edition).score.terms
            period = [] if name == "time" else ["time"]  # none is declared, which is scored as well
            assert [term.variable for term in terms] == ["events", name, *period, "interactions"]
            assert all(term.section.startswith(f"DDG {edition.removeprefix('calhhs-ddg-')} ") for term in terms)
