"""What must hold for every table."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import Variable

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIZES = st.integers(0, 40_000_000)
NARROWING = {
    "residence_geography": "population",
    "service_geography": "population",
    "insurance_coverage": "members",
    "means_tested_program": "enrollment",
    "other": "population",
    "race": "population",
    "language": "population",
}

FURTHER = {
    "sex": ({"variable": "sex"}, ["Male", "Female"]),
    "age": ({"variable": "age"}, ["0-17", "18-64", "65+"]),
    "race": ({"variable": "race"}, ["White", "Asian", "Mixed"]),
    "disease": ({"variable": "other"}, ["x", "y"]),
    "program": ({"variable": "means_tested_program", "enrollment": 900_000}, ["WIC"]),
}


def county(population):
    return ({"variable": "residence_geography", "population": population}, ["A", "B"])


class TestFinerNeverScoresLower:
    @QUICK
    @given(st.sampled_from(sorted(NARROWING)), SIZES, SIZES)
    def test_smaller_groups(self, assessed, variable, one, other):
        key = NARROWING[variable]
        small, large = sorted((one, other))
        totals = [
            assessed({"it": ({"variable": variable, key: {"A": size, "B": 40_000_000}}, ["A", "B"])}).score.total
            for size in (small, large)
        ]
        assert totals[0] >= totals[1]

    @QUICK
    @given(st.lists(st.integers(1, 98), min_size=1, max_size=8, unique=True), st.integers(1, 98))
    def test_a_further_cut_between_age_bands(self, assessed, cuts, further):
        def total(ends):
            starts = [0, *sorted(ends)]
            labels = [f"{a}-{b - 1}" for a, b in itertools.pairwise(starts)]
            return assessed({"age": ({"variable": "age"}, [*labels, f"{starts[-1]}+"])}, counts=(1,)).score.total

        # A cut at 90 or above leaves closed bands that may not be told apart.
        ends = {cut for cut in cuts if cut <= 89}
        assert total(ends | {min(further, 89)}) >= total(ends)

    @QUICK
    @given(st.integers(1, 60), st.integers(1, 60))
    def test_more_groups(self, assessed, one, other):
        few, many = sorted((one, other))

        def total(groups):
            return assessed({"it": ({"variable": "other"}, [f"G{n}" for n in range(groups)])}, counts=(1,)).score.total

        assert total(many) >= total(few)

    @QUICK
    @given(st.integers(1, 3000), st.integers(1, 3000))
    def test_a_smaller_cell(self, assessed, one, other):
        small, large = sorted((one, other))
        totals = [assessed({"county": county(9_000)}, counts=(cell, 5000)).score.total for cell in (small, large)]
        assert totals[0] >= totals[1]

    def test_a_shorter_period(self, assessed):
        periods = ["10 years", "5 years", "3 years", "2 years", "year", "half-year", "quarter", "month", "week", "day"]
        totals = [
            assessed({"t": ({"variable": "time", "period": period}, ["1"])}, counts=(1,)).score.total
            for period in periods
        ]
        assert totals == sorted(totals)


class TestCrossingNeverScoresLower:
    @QUICK
    @given(
        st.lists(st.sampled_from(sorted(FURTHER)), unique=True),
        st.sampled_from(sorted(FURTHER)),
        SIZES,
        st.integers(1, 12),
    )
    def test_a_further_variable(self, assessed, chosen, added, population, cell):
        """Cells only get smaller when a table is broken down further: here they stay, the mildest case."""
        before = {"county": county(population), **{name: FURTHER[name] for name in chosen if name != added}}
        after = {**before, added: FURTHER[added]}
        further = len(after) - 1
        assessment = assessed(after, counts=(cell,))
        assert assessment.score.total >= assessed(before, counts=(cell,)).score.total
        (term,) = [term for term in assessment.score.terms if term.variable == "interactions"]
        assert term.score == {1: 1, 2: 2}.get(further, 4)

    @QUICK
    @given(SIZES, SIZES, st.sampled_from(["residence_geography", "service_geography"]))
    def test_a_plan_beside_a_geography(self, assessed, population, members, variable):
        place = ({"variable": variable, "population": population}, ["A", "B"])
        plan = ({"variable": "insurance_coverage", "members": members}, ["P", "Q"])
        together = assessed({"county": place, "plan": plan}, counts=(1,)).score.total
        assert together >= assessed({"county": place}, counts=(1,)).score.total
        assert together >= assessed({"plan": plan}, counts=(1,)).score.total

    @QUICK
    @given(SIZES, SIZES)
    def test_a_geography_beside_another(self, assessed, one, other):
        home = ({"variable": "residence_geography", "population": one}, ["A", "B"])
        clinic = ({"variable": "service_geography", "population": other}, ["A", "B"])
        together = assessed({"home": home, "clinic": clinic}, counts=(1,)).score.total
        assert together >= assessed({"home": home}, counts=(1,)).score.total
        assert together >= assessed({"clinic": clinic}, counts=(1,)).score.total


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

    def test_every_variable_of_a_contract_is_scored(self, assessed):
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
            "residence_geography": {"population": 1},
            "service_geography": {"population": 1},
        }
        for variable in Variable:
            name = variable.value
            declaration = {"variable": name, **declared.get(name, {})}
            terms = assessed({"it": (declaration, labels.get(name, ["A"]))}).score.terms
            assert [term.variable for term in terms] == ["events", name, "interactions"]
            assert all(term.section.startswith("DDG 2.0 §") for term in terms)
