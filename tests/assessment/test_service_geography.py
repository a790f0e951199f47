"""Where a service stands: areas, addresses, and services that only residents may use (§16.2, Appendix I)."""

import pytest

from ddg_pipeline.assessment.codes import reads_like_codes
from ddg_pipeline.assessment.service_address import is_address
from ddg_pipeline.errors import InputErrors

STREETS = ["12 Main Street", "1501 Capitol Ave, Sacramento, CA 95814", "95814"]


def service(labels=STREETS, **keys):
    return ({"variable": "service_geography", **keys}, labels)


@pytest.fixture
def scored(assessed):
    """Give the term of a service geography alone, with the notes about it."""

    def make(dimension, **keys):
        assessment = assessed({"it": dimension}, **keys)
        (term,) = [term for term in assessment.score.terms if term.dimension == "it"]
        return term, [note.text for note in assessment.notes if note.field == "dimensions.it"]

    return make


class TestWhatReadsLikeAnAddress:
    @pytest.mark.parametrize("label", [*STREETS, "95814-1234", "P.O. Box 12", "PO Box 12, Alturas", "4b Elm St West"])
    def test_addresses(self, label):
        assert is_address(label)

    @pytest.mark.parametrize("label", ["06001", "Alameda", "06001400100", "District 5", "001 Alameda County", "9"])
    def test_areas(self, label):
        assert not is_address(label)


class TestUndeclaredAddresses:
    @pytest.mark.parametrize("label", STREETS)
    def test_they_take_the_highest_score_and_are_marked_for_review(self, scored, label):
        population = {label: 60_000, "Elsewhere": 40_000_000}
        term, notes = scored(service([label, "Elsewhere"], population=population))
        assert (term.score, term.found) == (7, label)
        assert any("rural or frontier" in note and label in note for note in notes)

    def test_no_population_is_needed(self, scored):
        assert scored(service())[0].score == 7

    @pytest.mark.parametrize("label", ["06001400100", "District 5"])
    def test_an_area_is_no_address(self, scored, label):
        term, notes = scored(service([label, "Elsewhere"], population={label: 60_000, "Elsewhere": 40_000_000}))
        assert (term.score, notes) == (0, [])

    @pytest.mark.parametrize("label", ["06001", "Alameda"])
    def test_a_county_is_no_address(self, scored, label):
        assert scored(service([label], population={label: 1_682_353}))[0].score == -4

    def test_beside_areas_every_area_needs_a_population(self, scored):
        with pytest.raises(InputErrors, match="no size for Elsewhere"):
            scored(service(["95814", "Elsewhere"], population={"95814": 60_000}))

    def test_an_address_that_is_the_scope(self, assessed):
        scope = [{"variable": "service_geography", "label": "12 Main Street"}]
        assessment = assessed({"sex": ({"variable": "sex"}, ["Male", "Female"])}, scope=scope)
        assert {t.dimension: t.score for t in assessment.score.terms if t.dimension}["scope[0]"] == 7

    def test_a_residence_zip_scores_by_its_population(self, score_of):
        assert score_of({"variable": "residence_geography", "population": {"95814": 12_000}}, ["95814"]) == 5


class TestDeclaredAddresses:
    @pytest.mark.parametrize(("kind", "score"), [("street", 3), ("hospital", 3), ("rural", 5), ("frontier", 7)])
    def test_one_kind_for_all(self, scored, kind, score):
        term, notes = scored(service(address=kind))
        assert (term.score, notes) == (score, [])

    def test_each_by_itself_and_the_riskiest_decides(self, scored):
        address = {"12 Main Street": "rural", "95814": "street", "1501 Capitol Ave, Sacramento, CA 95814": "hospital"}
        term, _ = scored(service(address=address))
        assert (term.score, term.found) == (5, "12 Main Street")

    def test_one_that_is_left_out_takes_the_highest(self, scored):
        term, notes = scored(service(["12 Main Street", "95814"], address={"12 Main Street": "street"}))
        assert (term.score, term.found) == (7, "95814")
        assert len(notes) == 1

    def test_a_declared_name_is_an_address_whatever_it_reads_like(self, scored):
        population = {"Modoc Medical Center": 8_700, "Alameda": 1_600_000}
        address = {"Modoc Medical Center": "hospital"}
        assert scored(service(list(population), population=population, address=address))[0].score == 3

    def test_a_name_that_the_table_does_not_have_is_noted(self, assessed):
        assessment = assessed({"it": service(address={"13 Main Street": "street"})})
        assert {t.dimension: t.score for t in assessment.score.terms}["it"] == 7
        (note,) = [note for note in assessment.notes if note.field == "dimensions.it.address"]
        assert "'13 Main Street'" in note.text


class TestResidentsOnly:
    @pytest.mark.parametrize(
        ("population", "score"),
        # as residence 7, 5, 4, -1, -5; as service 1, 1, 0, -3, -5: the higher score holds
        [(4_000, 7), (20_000, 5), (20_001, 4), (1_000_000, -1), (39_500_000, -5)],
    )
    def test_an_area_scores_as_residence(self, scored, population, score):
        term, notes = scored(service(["A", "B"], population={"A": population, "B": 40_000_000}, residents_only=True))
        assert term.score == score
        assert any("Only residents" in note for note in notes)

    def test_an_address_keeps_its_score_where_that_is_higher(self, scored):
        declared = {"population": {"12 Main Street": 3_000_000}, "residents_only": True, "address": "rural"}
        assert scored(service(["12 Main Street"], **declared))[0].score == 5

    def test_without_population_nobody_can_say(self, scored):
        with pytest.raises(InputErrors, match=r"dimensions\.it\.population: found nothing"):
            scored(service(residents_only=True, address="street"))


class TestPlansBesideAddresses:
    def test_addresses_without_population_keep_the_higher_score(self, assessed):
        plan = ({"variable": "insurance_coverage", "members": 30_000}, ["P", "Q"])
        assessment = assessed({"clinic": service(address="rural"), "plan": plan})
        assert {t.dimension: t.score for t in assessment.score.terms if t.dimension} == {"clinic": 5}


class TestCodes:
    @pytest.mark.parametrize(
        "labels",
        [["E11.9", "I10", "F10.20"], ["E11.9: Type 2 diabetes", "S72.001A"], ["99213", "99214"], ["G0438", "J1100"]],
    )
    def test_diagnoses_and_procedures(self, labels):
        assert reads_like_codes(labels)

    @pytest.mark.parametrize(
        "labels",
        [[], [""], ["Measles", "Mumps"], ["A", "B"], ["2024", "2025"], ["COVID-19", "Mpox"], ["E11", "x", "y"]],
    )
    def test_others(self, labels):
        assert not reads_like_codes(labels)

    def test_they_score_as_an_other_variable_and_are_marked(self, assessed):
        codes = [f"E11.{number}" for number in range(9)]
        assessment = assessed({"code": ({"variable": "other"}, codes)})
        assert {t.variable: t.score for t in assessment.score.terms}["other"] == 5
        assert any("DDG 2.0 §16.2, §5.6.1" in note.text for note in assessment.notes)
