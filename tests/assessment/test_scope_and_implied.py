"""What a table tells of everyone in it, and what a column tells without showing it (§4.1)."""

import pytest

SEX = ({"variable": "sex"}, ["Male", "Female"])
AGE = ({"variable": "age"}, ["0-17", "18-64", "65+"])
YEAR = ({"variable": "time", "period": "year"}, ["2024", "2025"])


def hospital(*implied, labels=("Children's Hospital", "General Hospital")):
    return ({"variable": "other", "implies": list(implied)}, list(labels))


CHILDREN = {"variable": "age", "label": "0-17", "categories": ["Children's Hospital"]}


def terms(assessment):
    return [(t.variable, t.dimension, t.score) for t in assessment.score.terms if t.variable != "events"]


def interacting(assessment):
    return next(t.found for t in assessment.score.terms if t.variable == "interactions")


class TestImplied:
    def test_a_childrens_hospital_implies_age(self, assessed):
        assessment = assessed({"hospital": hospital(CHILDREN), "year": YEAR})
        assert terms(assessment) == [
            ("other", "hospital", 3),
            ("age", "hospital", 2),
            ("time", "year", 0),
            ("interactions", None, 2),
        ]

    def test_a_category_that_the_table_does_not_have_implies_nothing_and_is_noted(self, assessed):
        assessment = assessed({"hospital": hospital(CHILDREN, labels=("General Hospital", "Mercy")), "year": YEAR})
        assert [t[0] for t in terms(assessment)] == ["other", "time", "interactions"]
        assert any(note.field == "dimensions.hospital.implies[0].categories" for note in assessment.notes)

    def test_the_narrowest_implied_band_decides(self, assessed):
        newborn = {"variable": "age", "label": "<1"}
        assert ("age", "hospital", 7) in terms(assessed({"hospital": hospital(CHILDREN, newborn)}))

    def test_implied_residence_is_a_geography(self, assessed):
        alpine = {"variable": "residence_geography", "label": "Alpine", "population": 1_204}
        assessment = assessed({"hospital": hospital(alpine), "year": YEAR})
        assert ("residence_geography", "hospital", 7) in terms(assessment)
        assert interacting(assessment) == "hospital"

    def test_what_some_categories_imply_does_not_make_the_others_look_safer(self, assessed):
        """A large area lowers the score only where everyone in the table is of one."""
        angeles = {"variable": "residence_geography", "label": "Los Angeles", "population": 10_014_009}
        orange = {"variable": "residence_geography", "label": "Orange", "population": 3_186_989}
        children, general = {"categories": ["Children's Hospital"]}, {"categories": ["General Hospital"]}
        for implied in ([angeles], [angeles | children, orange | general]):
            assert ("residence_geography", "hospital", -5) in terms(assessed({"hospital": hospital(*implied)}))
        some = terms(assessed({"hospital": hospital(angeles | children)}))
        assert "residence_geography" not in [variable for variable, _, _ in some]

    def test_a_program_that_is_implied_interacts_up_to_ten_million(self, assessed):
        wic = {"variable": "means_tested_program", "label": "WIC", "population": 1_000_000}
        assert ("means_tested_program", "hospital", 2) in terms(assessed({"hospital": hospital(wic)}))

    @pytest.mark.parametrize("enrollment", [5_500_000, 10_000_001, 12_000_000])
    def test_a_program_interacts_by_the_enrollment_it_is_scored_by(self, assessed, enrollment):
        """CalFresh has 5.5 million people, whatever is declared; more would score lower and interact with nothing."""
        calfresh = ({"variable": "means_tested_program", "enrollment": enrollment}, ["CalFresh"])
        assessment = assessed({"program": calfresh, "year": YEAR})
        assert ("means_tested_program", "program", 1) in terms(assessment)
        assert interacting(assessment) == "program"


class TestToldTwice:
    """One variable is scored once, by its riskiest category."""

    def test_a_scope_beside_the_column_of_the_same_variable(self, assessed):
        alone = assessed({"age": AGE, "year": YEAR})
        scope = [{"variable": "age", "label": "0-17"}]
        both = assessed({"age": AGE, "year": YEAR}, scope=scope)
        assert terms(both) == terms(alone)
        assert any("scored once" in note.text for note in both.notes)

    def test_the_riskier_of_the_two_holds(self, assessed):
        scope = [{"variable": "age", "label": "<1"}]
        assert ("age", "scope[0]", 7) in terms(assessed({"age": AGE}, scope=scope))

    def test_two_columns_that_imply_the_same(self, assessed):
        clinic = ({"variable": "other", "implies": [{"variable": "age", "label": "65+"}]}, ["North", "South"])
        assessment = assessed({"hospital": hospital(CHILDREN), "clinic": clinic})
        assert [t for t in terms(assessment) if t[0] == "age"] == [("age", "hospital", 2)]
        assert terms(assessment)[-1] == ("interactions", None, 4)  # two others and the age

    def test_two_columns_of_one_variable_are_crossed(self, assessed):
        groups = ["White", "Asian"]
        assessment = assessed({"race": (RACE, groups), "mother": (RACE, groups), "year": YEAR})
        assert terms(assessment) == [
            ("race", "race", 2),
            ("race", "mother", 2),
            ("time", "year", 0),
            ("interactions", None, 2),
        ]

    def test_two_other_variables_stay_two(self, assessed):
        scope = [{"variable": "other"}, {"variable": "other"}]
        assert terms(assessed({"sex": SEX}, scope=scope))[-1] == ("interactions", None, 4)

    def test_a_quarter_within_a_year(self, assessed):
        quarter = ({"variable": "time", "period": "quarter"}, ["2024 Q1", "2024 Q2"])
        scope = [{"variable": "time", "period": "year"}]
        assert ("time", "quarter", 4) in terms(assessed({"quarter": quarter}, scope=scope))
        assert [t[0] for t in terms(assessed({"quarter": quarter}, scope=scope))] == ["time", "interactions"]


RACE = {"variable": "race"}


class TestInclusiveRace:
    """Everyone who chose a group, alone or combined: the groups do not sum, and need no extra score."""

    LABELS = ("White", "Asian", "AIAN")

    def test_it_scores_like_any_race(self, assessed):
        inclusive = assessed({"race": (RACE | {"additive": False}, list(self.LABELS)), "year": YEAR})
        exclusive = assessed({"race": (RACE, list(self.LABELS)), "year": YEAR})
        assert terms(inclusive) == terms(exclusive)
        assert ("race", "race", 3) in terms(inclusive)


class TestHighRiskByScope:
    @pytest.mark.parametrize(
        ("scope", "forced"),
        [
            ({"label": "Undocumented", "population": 2_000_000}, ("non_citizens",)),
            ({"label": "Noncitizen"}, ("non_citizens",)),
            ({"label": "non-citizens"}, ("non_citizens",)),
            ({"population": 5_000_000}, ("non_citizens",)),
            ({"label": "Citizen"}, ()),
        ],
    )
    def test_a_table_about_non_citizens(self, assessed, scope, forced):
        found = assessed({"sex": SEX, "year": YEAR}, scope=[{"variable": "immigration_status", **scope}])
        assert found.forced_by == forced
        assert found.decision == ("mask" if forced else "release")

    def test_a_column_that_implies_it(self, assessed):
        clinic = hospital({"variable": "immigration_status", "label": "Noncitizen"})
        assert assessed({"clinic": clinic}).forced_by == ("non_citizens",)

    def test_the_guidelines_own_three_groups_are_not(self, assessed):
        status = ({"variable": "immigration_status"}, ["Citizen", "Naturalized", "Noncitizen"])
        assert assessed({"status": status}).forced_by == ()
