"""Edition 1.0 against a list typed from the guideline ("Edition 1.0 where it differs"), not from the YAML."""

import pytest

from ddg_pipeline.contract import Variable
from ddg_pipeline.rulebook import BandTable, Rulebook, load_rulebook

OPEN = None

# table, unit: lower end, upper end, score
BANDS = {
    "events": [(1, 10, 7), (11, 99, 5), (100, 999, 3), (1_000, OPEN, 2)],
    "age": [(1, 2, 7), (3, 5, 5), (6, 10, 3), (11, OPEN, 2)],
    "time": [(0, 2, 5), (3, 5, 4), (6, 11, 3), (12, 23, 0), (24, 59, -3), (60, OPEN, -5)],
    "residence_geography": [
        (0, 20_000, 5),
        (20_001, 50_000, 4),
        (50_001, 100_000, 3),
        (100_001, 250_000, 1),
        (250_001, 560_000, 0),
        (560_001, 1_000_000, -1),
        (1_000_001, 2_000_000, -3),
        (2_000_001, OPEN, -5),
    ],
    "service_geography": [
        (0, 20_000, 1),
        (20_001, 250_000, 0),
        (250_001, 560_000, -1),
        (560_001, 1_000_000, -3),
        (1_000_001, 2_000_000, -4),
        (2_000_001, OPEN, -5),
    ],
    "other": [(1, 4, 3), (5, 9, 5), (10, OPEN, 7)],
    "interactions.only_population": [(1, 2, 0), (3, 4, -3), (5, OPEN, -5)],
    "interactions.further_variables": [(1, 1, 1), (2, 2, 2), (3, OPEN, 3)],
}

LABELS = [
    ("sex", ["Male", "Female"], 1),
    ("race", ["White", "Asian", "Black"], 2),
    ("race", ["AIAN", "NHPI", "Mixed", "Other"], 3),
    ("race_ethnicity", ["White", "Asian", "Black", "Hispanic"], 2),
    ("race_ethnicity", ["AIAN", "NHPI", "Mixed"], 3),
    ("ethnicity", ["Hispanic", "Not Hispanic"], 2),
    ("language", ["English", "Spanish", "Other"], 2),
]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load_rulebook("calhhs-ddg-1.0")


def table(rulebook: Rulebook, path: str) -> BandTable:
    found = rulebook.scoring
    for part in path.split("."):
        found = getattr(found, part)
    return found


class TestBands:
    @pytest.mark.parametrize("path", BANDS)
    def test_every_edge_has_the_guidelines_score(self, rulebook, path):
        scored = table(rulebook, path)
        for lower, upper, score in BANDS[path]:
            assert scored.band(lower).score == score, (path, lower)
            assert scored.band(upper if upper is not None else 10**9).score == score, (path, upper)

    @pytest.mark.parametrize("path", BANDS)
    def test_there_are_no_other_bands(self, rulebook, path):
        assert [(b.lower, b.upper, b.score) for b in table(rulebook, path).bands] == BANDS[path]

    @pytest.mark.parametrize("name", ["insurance_coverage", "means_tested_program", "general"])
    def test_the_edition_lacks_tables(self, rulebook, name):
        assert getattr(rulebook.scoring, name) is None

    def test_an_address_is_one_wherever_it_lies(self, rulebook):
        address = rulebook.scoring.service_address
        assert (address.street.score, address.rural, address.frontier) == (3, None, None)
        assert address.highest == address.street


class TestLabels:
    @pytest.mark.parametrize(("variable", "labels", "score"), LABELS)
    def test_every_listed_label_has_the_guidelines_score(self, rulebook, variable, labels, score):
        scored = rulebook.scoring.category_table(Variable(variable))
        assert [scored.level(label).score for label in labels] == [score] * len(labels)

    @pytest.mark.parametrize("variable", ["race", "race_ethnicity", "ethnicity", "language"])
    def test_detail_scores_4(self, rulebook, variable):
        more = rulebook.scoring.category_table(Variable(variable)).more_detail
        assert (more.score, more.by_population) == (4, False)
        assert rulebook.scoring.category_table(Variable(variable)).level("Hmong") is None

    @pytest.mark.parametrize("variable", ["sexual_orientation", "gender_identity", "intersex", "immigration_status"])
    def test_the_edition_lacks_variables(self, rulebook, variable):
        assert rulebook.scoring.category_table(Variable(variable)) is None


class TestFigures:
    def test_only_geography_is_population(self, rulebook):
        variables = rulebook.scoring.interactions.population_variables
        assert set(variables) == {Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY}

    def test_thresholds_and_cut_off(self, rulebook):
        numerator = rulebook.thresholds.numerator
        assert (numerator.lower, numerator.upper, rulebook.thresholds.denominator) == (1, 10, 20_000)
        assert rulebook.cut_off == 12

    def test_samples_are_not_scored_like_populations(self, rulebook):
        assert not rulebook.surveys.scored_as_population

    def test_its_footnote_names_it(self, rulebook):
        assert rulebook.footnotes["suppression"].text.endswith("Guidelines, Edition 1.0.")
        assert rulebook.cite(rulebook.scoring.events.section) == "DDG 1.0 §6.2"

    def test_what_it_takes_from_the_other_edition_is_cited_as_such(self, rulebook):
        assert rulebook.cite(rulebook.high_risk["trauma"].section) == "DDG 2.0 §5.6.2"


class TestWhatTheEditionsShare:
    """Edition 1.0 differs where the guideline says so, and nowhere else."""

    @pytest.mark.parametrize(
        "entry",
        [
            "direct_identifiers",
            "record_level",
            "unknown_labels",
            "annotations",
            "symbols",
            "high_risk",
            "masking",
            "survey_limits",
            "sign_offs",
            "thresholds",
            "publication_score",
        ],
    )
    def test_is_the_same_in_both(self, rulebook, entry):
        def without_words(value):
            if isinstance(value, dict):
                words = {"section", "note"} | ({"description"} if "possible_values" in value else set())
                return {key: without_words(part) for key, part in value.items() if key not in words}
            return [without_words(part) for part in value] if isinstance(value, list | tuple) else value

        here, there = rulebook.model_dump(), load_rulebook("calhhs-ddg-2.0").model_dump()
        assert without_words(here[entry]) == without_words(there[entry])
