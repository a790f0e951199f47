import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors

PLACE = "contract.yaml"


def mistakes(raw):
    """Every error of a contract, by key."""
    with pytest.raises(InputErrors) as caught:
        parse_contract(raw, PLACE)
    assert all(error.place == PLACE for error in caught.value.errors)
    assert caught.value.exit_code == 2
    return {error.field: error for error in caught.value.errors}


class TestAGoodContract:
    def test_keeps_the_order_of_its_columns(self, raw):
        assert parse_contract(raw, PLACE).columns == ["county", "year", "population", "patients", "visits", "rate"]

    def test_has_defaults(self, raw):
        contract = parse_contract(raw, PLACE)
        assert contract.rulebook == "calhhs-ddg-2.0"
        assert contract.suppression.level == "ddg"
        assert contract.suppression.show_reason is None
        assert contract.suppression.annotations.code.format(measure="n") == "n_annotation_code"

    def test_takes_one_hierarchy_or_several(self, raw):
        one = parse_contract(raw, PLACE).dimensions["county"].hierarchy
        raw["dimensions"]["county"]["hierarchy"] = [raw["dimensions"]["county"]["hierarchy"]]
        assert parse_contract(raw, PLACE).dimensions["county"].hierarchy == one

    @pytest.mark.parametrize(
        ("measure", "governor"), [("patients", "patients"), ("visits", "patients"), ("rate", "patients")]
    )
    def test_knows_which_individuals_stand_behind_a_measure(self, raw, measure, governor):
        assert parse_contract(raw, PLACE).governor(measure) == governor

    def test_names_public_population_columns_and_reference_tables(self, raw):
        contract = parse_contract(raw, PLACE)
        assert contract.population_columns == ["population"]
        assert contract.reference_tables == ["county_population"]

    @pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "half-year", "year", "3 years"])
    def test_takes_every_period_of_the_guideline(self, raw, period):
        raw["dimensions"]["year"]["period"] = period
        assert parse_contract(raw, PLACE).dimensions["year"].period == period

    def test_is_frozen(self, raw):
        contract = parse_contract(raw, PLACE)
        with pytest.raises(ValueError, match="frozen"):
            contract.title = "Another"


class TestAnUnknownKey:
    def test_gets_a_suggestion(self, raw):
        raw["dimensions"]["year"]["aditive"] = raw["dimensions"]["year"].pop("additive")
        error = mistakes(raw)["dimensions.year.aditive"]
        assert error.found == "an unknown key"
        assert "did you mean 'additive'?" in error.expected

    def test_gets_the_list_of_what_is_allowed(self, raw):
        raw["publication"] = {"qqq": 1}
        assert "dataset, resource, cadence, metadata" in mistakes(raw)["publication.qqq"].expected


class TestWrongValues:
    def test_all_are_reported_at_once(self, raw):
        raw["release"] = "Visits by county"
        raw["suppression"] = {"level": "strong"}
        del raw["measures"]["patients"]["kind"]
        assert set(mistakes(raw)) == {"release", "suppression.level", "measures.patients.kind"}

    @pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "1a", "a b", "a;drop"])
    def test_a_release_name_cannot_leave_its_place(self, raw, name):
        raw["release"] = name
        assert "release" in mistakes(raw)

    def test_a_choice_names_the_choices(self, raw):
        raw["dimensions"]["county"]["variable"] = "geography"
        expected = mistakes(raw)["dimensions.county.variable"].expected
        assert "write one of time, residence_geography, service_geography, age" in expected

    def test_a_near_choice_is_suggested(self, raw):
        raw["dimensions"]["county"]["variable"] = "residence geography"
        assert "did you mean 'residence_geography'?" in mistakes(raw)["dimensions.county.variable"].expected

    def test_no_contract_at_all(self):
        assert mistakes(["a"])["the whole"].found == "a list"
        assert mistakes(None)["the whole"].found == "nothing"

    @pytest.mark.parametrize("size", [-1, {"Alpine": -1}])
    def test_a_population_is_not_negative(self, raw, size):
        raw["dimensions"]["county"]["population"] = size
        assert any("0 or more" in error.expected for error in mistakes(raw).values())


class TestContradictions:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda c: c["dimensions"]["county"].update(period="year"), "belongs to a `time` variable"),
            (lambda c: c["dimensions"]["county"].update(additive=False), "keep one"),
            (lambda c: c["dimensions"]["county"].update(hierarchy={"table": "t"}), "together"),
            (lambda c: c["dimensions"]["county"].update(hierarchy={"tree": {"A": []}}), "list category labels"),
            (lambda c: c["measures"]["visits"].pop("individuals"), "counts the people behind them"),
            (lambda c: c["measures"]["rate"].pop("numerator"), "needs `numerator`"),
            (lambda c: c["measures"].update(paid={"kind": "amount"}), "needs `individuals`"),
            (lambda c: c["measures"]["visits"].update(individuals="people"), "must be another measure"),
            (lambda c: c["measures"].pop("patients"), "must be another measure"),
            (lambda c: c.update(measures={"county": {"kind": "count"}}), "both a dimension and a measure"),
            (lambda c: c.update(links=["visits_by_county"]), "the release itself"),
            (lambda c: c.update(identities=["patients = people"]), "not a measure of kind count"),
            (lambda c: c.update(identities=["patients"]), "exactly one '='"),
            (lambda c: c.update(identities=["patients ="]), "nothing on one side"),
            (lambda c: c.update(identities=["patients * 2 = visits"]), "sum of measure names"),
            (lambda c: c.update(suppression={"prefer": {"race": ["Other"]}}), "is not a dimension"),
            (lambda c: c["dimensions"]["county"].update(population=True), "write a number of people"),
            (lambda c: c["dimensions"]["county"].update(population={"A": True}), "write a whole number"),
            (lambda c: c["dimensions"]["county"].update(groups=True), "write a whole number"),
            (lambda c: c["dimensions"]["county"].update(hierarchy={"tree": {"A": [True, False]}}), "in quotes"),
            (lambda c: c["dimensions"]["county"].update(hierarchy={"tree": {"A": {True: ["x"]}}}), "in quotes"),
            (
                lambda c: c.update(
                    suppression={"annotations": {"code": "{measure}_note", "description": "{measure}_note"}}
                ),
                "would be two columns of one name",
            ),
            (
                lambda c: c["measures"].update(patients_annotation_code={"kind": "count"}),
                "patients_annotation_code would be two columns of one name",
            ),
            (lambda c: c.update(suppression={"annotations": {"code": "code"}}), "must contain {measure}"),
        ],
    )
    def test_are_explained(self, raw, change, said):
        change(raw)
        assert any(said in error.expected for error in mistakes(raw).values())


class TestIdentities:
    def test_are_read_as_coefficients(self, raw):
        raw["measures"] |= {name: {"kind": "count"} for name in ("covid", "pneumonia", "both", "any")}
        raw["identities"] = ["covid + pneumonia - both = any"]
        [identity] = parse_contract(raw, PLACE).parsed_identities
        assert identity.terms == {"covid": 1, "pneumonia": 1, "both": -1, "any": -1}
