"""What people are treated for, in plain words."""

import pytest

from ddg_pipeline.assessment.conditions import condition_in, tells_a_condition

CLINIC = {"variable": "service_geography", "population": 900_000}
YEAR = [{"variable": "time", "period": "year"}]


class TestWords:
    @pytest.mark.parametrize(
        "label",
        [
            "HIV", "AIDS", "HIV/AIDS", "Hepatitis C", "Overdose", "Suicide", "Suicidal ideation", "Syphilis", "STI",
            "Gonorrhea", "Chlamydia", "Sexually Transmitted Infections", "Substance Use", "Depression", "COVID-19",
            "Diabetes", "Sickle Cell", "Breast cancer", "Tuberculosis (TB)",
        ],
    )  # fmt: skip
    def test_are_found(self, label):
        assert tells_a_condition(label)

    @pytest.mark.parametrize(
        "label",
        ["General Acute Care", "HIV clinic", "Stroke Center", "Psychiatric hospital", "Rural", "For profit", ""],
    )
    def test_what_a_provider_is_tells_none(self, label):
        assert not tells_a_condition(label)

    def test_say_where_they_stand(self):
        assert condition_in("cases of heart failure, 2020") == ("heart failure", 2, 4)
        assert condition_in("cases") is None


class TestOfProviders:
    @pytest.mark.parametrize(
        ("labels", "told"), [(["HIV", "Influenza"], "yes"), (["HIV clinic", "Urgent care"], "no"), (["A", "B"], "no")]
    )
    def test_a_column_of_diagnoses_is_about_people(self, assessed, labels, told):
        dimensions = {"clinic": (CLINIC, ["X", "Y"]), "kind": ({"variable": "other"}, labels)}
        assert assessed(dimensions, subject="providers", scope=YEAR).steps[0].result == told

    def test_and_so_is_a_count_of_people_with_one(self, assessed):
        rows = [("X", 3), ("Y", 40)]
        found = assessed(
            {"clinic": (CLINIC, [])},
            rows=rows,
            measures={"hiv_patients": {"kind": "count"}},
            subject="providers",
            scope=YEAR,
        )
        assert found.steps[0].result == "yes"
        assert any("hiv_patients reads like" in note.text for note in found.notes)


class TestHighRiskCounts:
    @pytest.mark.parametrize(
        ("measure", "slug"),
        [
            ("overdose_deaths", "substance_use_disorder"), ("abortions", "pregnancy_termination"),
            ("homeless_people", "homelessness"), ("ambulance_transports", "emergency_transport"),
        ],
    )  # fmt: skip
    def test_a_count_called_after_a_high_risk_population_forces_masking(self, assessed, measure, slug):
        county = {"variable": "residence_geography", "population": 5_000_000}
        measures = {measure: {"kind": "count"}}
        found = assessed({"county": (county, [])}, rows=[("A", 3), ("B", 40)], measures=measures, scope=YEAR)
        assert found.forced_by == (slug,)
        assert found.decision == "mask"
        denied = assessed(
            {"county": (county, [])}, rows=[("A", 3), ("B", 40)], measures=measures, scope=YEAR, not_high_risk=[slug]
        )
        assert denied.forced_by == ()
