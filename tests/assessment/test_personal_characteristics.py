import pytest

from ddg_pipeline.assessment.personal_characteristics import personal_characteristics_of, tells_about_people
from ddg_pipeline.contract.parse import parse_contract

HOSPITAL = {"variable": "service_geography", "population": 900_000}
CHILDREN = {"variable": "age", "label": "0-17", "categories": ["Children's Hospital"]}
SEX = {"variable": "sex"}
YEAR = {"variable": "time", "period": "year"}


def contract(dimensions, **keys):
    raw = {"release": "r", "title": "t", "dimensions": dimensions, "measures": {"n": {"kind": "count"}}}
    return parse_contract(raw | keys, "c")


def told(dimensions, **keys):
    return [one.describe() for one in personal_characteristics_of(contract(dimensions, **keys))]


class TestWhatIsListed:
    def test_columns_about_people(self):
        assert told({"sex": SEX, "year": YEAR, "hospital": HOSPITAL}) == ["sex, shown by sex"]

    def test_what_a_column_implies(self):
        assert told({"hospital": HOSPITAL | {"implies": [CHILDREN]}}) == [
            "age 0-17, implied by hospital (Children's Hospital)"
        ]

    def test_what_is_true_of_everyone(self):
        scope = [{"variable": "sex", "label": "Female"}, {"variable": "time", "period": "year"}]
        (one,) = personal_characteristics_of(contract({"year": YEAR}, scope=scope))
        assert one.describe() == "sex Female, true of the whole table"
        assert (one.how, one.field, one.column) == ("scoped", "scope[0]", None)

    def test_every_entry_names_its_key(self):
        dimensions = {
            "hospital": HOSPITAL | {"implies": [CHILDREN, {"variable": "sex", "label": "Female"}]},
            "sex": SEX,
        }
        fields = [one.field for one in personal_characteristics_of(contract(dimensions))]
        assert fields == ["dimensions.hospital.implies[0]", "dimensions.hospital.implies[1]", "dimensions.sex"]

    def test_a_service_for_residents_only_tells_residence(self):
        assert told({"clinic": HOSPITAL | {"residents_only": True}}) == ["residence geography, shown by clinic"]

    def test_a_diagnosis_of_people(self):
        assert told({"disease": {"variable": "other"}}) == ["other, shown by disease"]


class TestProviders:
    def test_what_they_are_is_public(self):
        ownership = contract({"hospital": HOSPITAL, "ownership": {"variable": "other"}}, subject="providers")
        assert personal_characteristics_of(ownership) == ()
        assert not tells_about_people(ownership)

    @pytest.mark.parametrize("dimensions", [{"sex": SEX}, {"hospital": HOSPITAL | {"implies": [CHILDREN]}}])
    @pytest.mark.parametrize("public", [True, False])
    def test_what_is_told_about_people_is_not(self, dimensions, public):
        """Whatever the contract calls itself."""
        assert tells_about_people(contract(dimensions, subject="providers", personal_characteristics=public))


class TestBudgets:
    def test_nobody_is_behind_projected_amounts(self):
        projected = contract({"sex": SEX}, subject="projected_budget")
        assert personal_characteristics_of(projected) == ()
        assert not tells_about_people(projected)

    def test_actual_amounts_are_about_people(self):
        actual = contract({"county": {"variable": "residence_geography", "population": 1}}, subject="actual_budget")
        assert len(personal_characteristics_of(actual)) == 1
        assert tells_about_people(actual)


class TestPeople:
    def test_figures_about_people_are_assessed_whatever_is_shown(self):
        assert personal_characteristics_of(contract({"year": YEAR})) == ()
        assert tells_about_people(contract({"year": YEAR}))

    def test_unless_all_of_it_is_expressly_public(self):
        public = contract({"sex": SEX}, personal_characteristics=False)
        assert not tells_about_people(public)
        assert len(personal_characteristics_of(public)) == 1  # for the expert to confirm
