"""Edition 1.0: other figures, fewer tables; what it has no table for scores as an other variable, for review."""

import pytest

# Typed from the guideline: lower ends, with the scores.
RESIDENCE = [
    (0, 5), (4_000, 5), (20_000, 5), (20_001, 4), (50_000, 4), (50_001, 3), (100_000, 3), (100_001, 1), (250_000, 1),
    (250_001, 0), (560_001, -1), (1_000_001, -3), (2_000_001, -5),
]  # fmt: skip

YEAR = ({"variable": "time", "period": "year"}, ["2024", "2025"])
SEX = ({"variable": "sex"}, ["Male", "Female"])
RACE = ({"variable": "race"}, ["White", "Asian"])


def county(population):
    return ({"variable": "residence_geography", "population": {"A": population, "B": 40_000_000}}, ["A", "B"])


@pytest.fixture
def first(assessed, edition_1):
    def make(*arguments, **keys):
        return assessed(*arguments, by=edition_1, **keys)

    return make


def terms(assessment):
    return {term.dimension or term.variable: term.score for term in assessment.score.terms}


class TestVariables:
    @pytest.mark.parametrize(("size", "score"), RESIDENCE)
    def test_residence(self, first, size, score):
        assert terms(first({"county": county(size)}))["county"] == score

    @pytest.mark.parametrize(
        ("variable", "labels", "score"),
        [
            ("age", ["0-17", "18+"], 2),
            ("age", ["0-49", "50+"], 2),
            ("sex", ["Male", "Female"], 1),
            ("race", ["White", "Asian", "Black"], 2),
            ("race", ["White", "AIAN"], 3),
            ("race", ["White", "Hmong"], 4),
            ("race_ethnicity", ["White", "Hmong"], 4),
            ("ethnicity", ["Hispanic", "Not Hispanic"], 2),
            ("ethnicity", ["Mexican", "Not Hispanic"], 4),
            ("language", ["English", "Spanish", "Other"], 2),
            ("language", ["English", "Hmong"], 4),
        ],
    )
    def test_labels(self, first, variable, labels, score):
        assert terms(first({"it": ({"variable": variable}, labels)}))["it"] == score

    @pytest.mark.parametrize(
        ("declared", "labels"),
        [
            ({"variable": "sexual_orientation"}, ["Straight", "Gay"]),
            ({"variable": "gender_identity"}, ["Man", "Woman"]),
            ({"variable": "intersex"}, ["Yes", "No"]),
            ({"variable": "immigration_status"}, ["Citizen", "Foreign born"]),
            ({"variable": "veteran_status"}, ["Veteran", "Other"]),
            ({"variable": "education", "population": 9_000_000}, ["College", "Other"]),
            ({"variable": "expected_payer", "enrollment": 14_000_000}, ["Medi-Cal", "Other"]),
            ({"variable": "means_tested_program", "enrollment": 14_000_000}, ["Medi-Cal", "WIC"]),
            ({"variable": "insurance_coverage", "members": 3_000_000}, ["A", "B"]),
            ({"variable": "other", "population": 9_000_000}, ["x", "y"]),
        ],
    )
    def test_what_it_has_no_table_for(self, first, declared, labels):
        assessment = first({"it": (declared, labels), "year": YEAR})
        assert (terms(assessment)["it"], terms(assessment)["interactions"]) == (3, 1)
        notes = [note.text for note in assessment.notes if note.field == "dimensions.it"]
        assert any("an expert has to confirm" in note for note in notes)
        assert declared["variable"] == "other" or any("has no table for" in note for note in notes)

    @pytest.mark.parametrize("kind", ["street", "rural", "frontier", "hospital"])
    def test_service_addresses_are_not_told_apart(self, first, kind):
        clinic = ({"variable": "service_geography", "address": kind}, ["12 Main Street"])
        assert terms(first({"clinic": clinic}))["clinic"] == 3
        assert terms(first({"clinic": ({"variable": "service_geography"}, ["12 Main Street"])}))["clinic"] == 3


class TestInteractions:
    @pytest.mark.parametrize(("further", "score"), [(1, 1), (2, 2), (3, 3), (4, 3)])
    def test_three_and_more(self, first, further, score):
        dimensions = {"sex": SEX, "race": RACE, "age": ({"variable": "age"}, ["0-17", "18+"])}
        dimensions |= {"disease": ({"variable": "other"}, ["x", "y"])}
        kept = dict(list(dimensions.items())[:further])
        assert terms(first({"county": county(30_000), "year": YEAR, **kept}))["interactions"] == score

    def test_only_geography_is_a_population_term(self, first):
        plan = ({"variable": "insurance_coverage", "members": 30_000}, ["P", "Q"])
        assert terms(first({"county": county(30_000), "plan": plan, "year": YEAR})) == {
            "events": 7,
            "county": 4,
            "plan": 3,
            "year": 0,
            "interactions": 1,
        }


class TestWhole:
    def test_the_county_example(self, first):
        """7 events + 5 residence: Edition 1.0 has no band for 4,000 and fewer."""
        assessment = first({"county": county(1_204), "year": YEAR})
        assert (assessment.score.total, assessment.decision) == (12, "release")

    def test_everything_cites_the_edition(self, first, edition_1):
        assessment = first({"county": county(1_204), "sex": SEX, "year": YEAR})
        assert edition_1.section != "DDG 2.0"
        assert all(term.section.startswith(edition_1.section) for term in assessment.score.terms)
        assert all(step.section.startswith(edition_1.section) for step in assessment.steps)
