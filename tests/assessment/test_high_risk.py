"""High-risk populations that labels speak of are masked, declared or not (§5.6.2)."""

import pytest

from ddg_pipeline.assessment import assess
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.rulebook.model import HighRiskPopulation

STATE = {"variable": "residence_geography", "label": "California"}
YEAR = {"variable": "time", "period": "year"}
STATEWIDE = {"scope": [YEAR, STATE], "measures": {"cases": {"kind": "count", "population": 39_538_223}}}
HOSPITAL = ({"variable": "service_geography", "address": "hospital"}, ["Mercy", "Sharp"])
OF_PROVIDERS = {"scope": [YEAR], "subject": "providers"}
AGE = {"age": ({"variable": "age"}, ["0-64", "65+"])}
EDITIONS = ("calhhs-ddg-1.0", "calhhs-ddg-2.0")
WORDS = [
    ("Substance use disorder", "substance_use_disorder"),
    ("SUBSTANCE-USE DISORDERS (any)", "substance_use_disorder"),
    ("Opioid overdose", "substance_use_disorder"),
    ("Schizophrenia", "serious_mental_illness"),
    ("Psychological trauma", "trauma"),
    ("Trauma", "trauma"),
    ("Developmental disabilities", "developmental_disability"),
    ("In foster care", "child_welfare"),
    ("Homeless", "homelessness"),
    ("Victims of domestic violence", "victims_of_crime"),
    ("Jail", "justice_involved"),
    ("Refugees", "non_citizens"),
    ("Ambulance", "emergency_transport"),
    ("Abortion", "pregnancy_termination"),
    ("Gender-affirming care", "gender_affirming_care"),
]
CODES = [
    ("F11.20", "substance_use_disorder"),
    ("F1120", "substance_use_disorder"),
    ("F10-F19 Use of substances", "substance_use_disorder"),
    ("Use of opioids (F11)", "substance_use_disorder"),
    ("z59.0", "homelessness"),
    ("O04.5", "pregnancy_termination"),
]
# Words within words, other codes, and words that mean something else more often than not.
HARMLESS = [
    "Trauma center",
    "Grapes",
    "Therapeutic",
    "F01",
    "F200anything",
    "Group O04, F9",
    "Influenza",
    "AF11",
    "Hip fracture",
]


def other(*labels):
    return {"variable": "other"}, list(labels)


def texts(assessment, field):
    return [note.text for note in assessment.notes if note.field == field]


class TestALabelThatSpeaksOfThem:
    @pytest.mark.parametrize("edition", EDITIONS)
    @pytest.mark.parametrize(("label", "slug"), WORDS + CODES)
    def test_forces_masking_as_if_declared(self, assessed, edition, label, slug):
        assessment = assessed({"reason": other(label, "Asthma")}, counts=(2, 500), by=edition, **STATEWIDE)
        assert assessment.decision == "mask"
        assert assessment.forced_by == (slug,)

    @pytest.mark.parametrize("label", HARMLESS)
    def test_any_other_does_not(self, assessed, label):
        assessment = assessed({"reason": other(label, "Asthma")}, counts=(2, 500), **STATEWIDE)
        assert (assessment.decision, assessment.forced_by) == ("release", ())

    def test_is_named_in_the_steps_with_its_column(self, assessed):
        assessment = assessed({"reason": other("Homeless", "Asthma")}, counts=(2, 500), **STATEWIDE)
        found = "The contract does not declare homelessness, found in the labels of reason."
        assert [found in step.summary for step in assessment.steps] == [True, False, False, True, False, False]
        (note,) = texts(assessment, "high_risk")
        assert "`not_high_risk`" in note
        assert "DDG 2.0 §5.6.2" in note

    def test_is_not_told_again_where_it_is_declared(self, assessed):
        table = {"reason": other("Homeless", "Asthma")}
        assessment = assessed(table, counts=(2, 500), high_risk=["homelessness"], **STATEWIDE)
        assert assessment.forced_by == ("homelessness",)
        assert not any("found in the labels" in step.summary for step in assessment.steps)
        assert not texts(assessment, "high_risk")

    def test_may_be_of_the_whole_table(self, assessed):
        scope = [YEAR, STATE, {"variable": "other", "label": "People in jail", "population": 70_000}]
        assessment = assessed({"sex": ({"variable": "sex"}, ["Female", "Male"])}, **{**STATEWIDE, "scope": scope})
        assert assessment.forced_by == ("justice_involved",)
        assert "found in the labels of scope[2]" in assessment.steps[0].summary

    def test_may_be_what_a_column_implies(self, assessed):
        shelter = {"variable": "other", "implies": [{"variable": "other", "label": "Homeless", "categories": ["A"]}]}
        assessment = assessed({"site": (shelter, ["A", "B"])}, counts=(2, 500), **STATEWIDE)
        assert assessment.forced_by == ("homelessness",)

    def test_forces_nothing_where_no_count_is_small(self, assessed):
        assessment = assessed({"reason": other("Homeless", "Asthma")}, counts=(0, 500), **STATEWIDE)
        assert (assessment.decision, assessment.forced_by) == ("release", ())

    def test_codes_are_looked_for_in_other_variables_only(self, assessed):
        place = {"variable": "service_geography", "population": {"F11": 900_000, "F12": 900_000}}
        assert assessed({"place": (place, ["F11", "F12"])}, **STATEWIDE).forced_by == ()

    def test_the_groups_that_the_guideline_scores_itself_are_noted(self, assessed):
        status = ({"variable": "immigration_status"}, ["Citizen", "Naturalized", "Noncitizen"])
        assessment = assessed({"status": status}, **STATEWIDE)
        assert assessment.forced_by == ()
        assert texts(assessment, "high_risk")


class TestWhatTheContractDenies:
    def test_forces_nothing_but_has_to_be_confirmed(self, assessed):
        table = {"reason": other("Ambulance", "Asthma")}
        assessment = assessed(table, counts=(2, 500), not_high_risk=["emergency_transport"], **STATEWIDE)
        assert (assessment.decision, assessment.forced_by) == ("release", ())
        assert not texts(assessment, "high_risk")
        (note,) = texts(assessment, "not_high_risk")
        assert "labels of reason do not speak of emergency transport" in note

    def test_denies_one_population_only(self, assessed):
        table = {"reason": other("Ambulance", "Homeless")}
        assessment = assessed(table, not_high_risk=["emergency_transport"], **STATEWIDE)
        assert assessment.forced_by == ("homelessness",)

    def test_has_to_be_a_population_of_the_rulebook(self, assessed):
        with pytest.raises(InputErrors, match=r"not_high_risk: found 'ambulance'; one of .*emergency_transport"):
            assessed({"reason": other("Ambulance", "Asthma")}, not_high_risk=["ambulance"], **STATEWIDE)

    def test_cannot_be_declared_as_well(self, assessed):
        with pytest.raises(InputErrors, match="not_high_risk: found trauma, which is also in high_risk"):
            assessed({"reason": other("A", "B")}, not_high_risk=["trauma"], high_risk=["trauma"], **STATEWIDE)


class TestOutsideTheLabels:
    @pytest.mark.parametrize("keys", [{"title": "Overdoses by cause"}, {"description": "Of people in foster care."}])
    def test_their_words_are_noted_and_force_nothing(self, assessed, keys):
        assessment = assessed({"reason": other("Asthma", "Hip fracture")}, **STATEWIDE, **keys)
        assert assessment.forced_by == ()
        assert len(texts(assessment, "high_risk")) == 1

    def test_so_is_a_column(self, assessed):
        assert texts(assessed({"homeless": other("yes", "no")}, **STATEWIDE), "high_risk")


class TestWhatIsCalledPublic:
    def test_cannot_show_them(self, assessed):
        table = {"kind": other("Substance use disorder", "Clinic")}
        with pytest.raises(InputErrors, match="personal_characteristics: found false beside substance_use_disorder"):
            assessed(table, personal_characteristics=False, **STATEWIDE)
        denied = ["substance_use_disorder"]
        assert assessed(table, personal_characteristics=False, not_high_risk=denied, **STATEWIDE).decision == "release"

    def test_projected_figures_are_of_nobody(self, assessed):
        assert assessed({"kind": other("Homeless", "Clinic")}, subject="projected_budget").decision == "release"


class TestProviders:
    def test_diagnosis_codes_are_about_the_people_who_are_served(self, assessed):
        assessment = assessed({"hospital": HOSPITAL, "icd10": other("I21.4", "S72.001A")}, (2, 1), **OF_PROVIDERS)
        assert assessment.steps[0].result == "yes"
        assert "implied by icd10" in assessment.steps[0].summary
        assert assessment.decision == "mask"
        assert texts(assessment, "dimensions.icd10")

    @pytest.mark.parametrize("column", ["reason", "service"])
    def test_so_are_labels_that_speak_of_high_risk_populations(self, assessed, column):
        assessment = assessed({"hospital": HOSPITAL, column: other("Homeless", "Other")}, (2, 50), **OF_PROVIDERS)
        assert assessment.forced_by == ("homelessness",)

    def test_a_place_may_speak_of_them_too(self, assessed):
        jails = ({"variable": "service_geography", "address": "hospital"}, ["County jail", "Mercy"])
        assert assessed({"place": jails}, (2, 50), **OF_PROVIDERS).forced_by == ("justice_involved",)

    def test_anything_else_is_taken_for_what_a_provider_is(self, assessed):
        assessment = assessed({"hospital": HOSPITAL, "ownership": other("Public", "Private")}, (2, 50), **OF_PROVIDERS)
        assert (assessment.steps[0].result, assessment.decision) == ("no", "release")
        assert any("taken for what a provider is" in note for note in texts(assessment, "dimensions.ownership"))

    def test_the_score_is_the_same_as_of_people(self, assessed):
        table = {"hospital": HOSPITAL, "icd10": other("I21.4", "S72.001A")}
        of_people = assessed(table, (2, 1), scope=[YEAR])
        assert assessed(table, (2, 1), **OF_PROVIDERS).score == of_people.score


class TestATableWithoutAPlace:
    def test_is_noted(self, assessed):
        (note,) = texts(assessed(AGE, scope=[YEAR]), "scope")
        assert note.startswith("No geography is declared, so none is scored; a statewide table declares the state")
        assert "where few do, the score is higher" in note
        assert not texts(assessed(AGE, scope=[YEAR, STATE]), "scope")

    @pytest.mark.parametrize(
        ("keys", "field", "name"),
        [
            ({"release": "alpine_county"}, "release", "Alpine"),
            ({"title": "Cases in San Luis Obispo County"}, "title", "San Luis Obispo"),
            ({"description": "Residents of the County of Los Angeles."}, "description", "Los Angeles"),
        ],
    )
    def test_cannot_name_a_county(self, assessed, keys, field, name):
        with pytest.raises(InputErrors, match=f"{field}: found {name} County, but no geography is declared"):
            assessed(AGE, scope=[YEAR], **keys)
        assert assessed(AGE, scope=[YEAR, STATE], **keys)

    @pytest.mark.parametrize(
        "description",
        ["By county of residence.", "Orange and lake trout.", "Every county of California", "6 county lines"],
    )
    def test_may_speak_of_counties(self, assessed, description):
        assert assessed(AGE, scope=[YEAR], description=description)


class TestTheRulebooks:
    @pytest.mark.parametrize("name", EDITIONS)
    def test_every_population_has_words(self, name):
        assert all(population.words for population in load_rulebook(name).high_risk.values())

    def test_a_population_without_words_is_found_by_its_own_name_alone(self, bound, rulebook):
        bare = {
            slug: HighRiskPopulation(section=one.section, description="Some")
            for slug, one in rulebook.high_risk.items()
        }
        without = rulebook.model_copy(update={"high_risk": bare})
        assert assess(bound({"it": other("Homelessness", "B")}, **STATEWIDE), without).forced_by == ("homelessness",)
        assert assess(bound({"it": other("Homeless", "B")}, **STATEWIDE), without).forced_by == ()
