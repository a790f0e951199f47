"""Edition 2.0 against a list typed from the guideline, not from the YAML."""

import pytest

from ddg_pipeline.contract import Variable
from ddg_pipeline.rulebook import BandTable, Rulebook, load_rulebook

OPEN = None

# table, unit: lower end, upper end, score
BANDS = {
    "events": [(1, 10, 7), (11, 99, 5), (100, 999, 3), (1_000, OPEN, 2)],
    "age": [(1, 2, 7), (3, 5, 5), (6, 10, 3), (11, 29, 2), (30, OPEN, 1)],
    "time": [(0, 2, 5), (3, 5, 4), (6, 11, 3), (12, 23, 0), (24, 59, -3), (60, OPEN, -5)],
    "residence_geography": [
        (0, 4_000, 7),
        (4_001, 20_000, 5),
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
    "insurance_coverage": [
        (0, 20_000, 5),
        (20_001, 50_000, 4),
        (50_001, 100_000, 3),
        (100_001, 250_000, 1),
        (250_001, 560_000, 0),
        (560_001, 1_000_000, -1),
        (1_000_001, 2_000_000, -3),
        (2_000_001, OPEN, -5),
    ],
    "means_tested_program": [
        (0, 20_000, 7),
        (20_001, 100_000, 5),
        (100_001, 300_000, 3),
        (300_001, 4_000_000, 2),
        (4_000_001, 10_000_000, 1),
        (10_000_001, OPEN, 0),
    ],
    "general": [
        (0, 20_000, 7),
        (20_001, 100_000, 5),
        (100_001, 300_000, 3),
        (300_001, 4_000_000, 2),
        (4_000_001, OPEN, 1),
    ],
    "other": [(1, 4, 3), (5, 9, 5), (10, OPEN, 7)],
    "interactions.only_population": [(1, 2, 0), (3, 4, -3), (5, OPEN, -5)],
    "interactions.further_variables": [(1, 1, 1), (2, 2, 2), (3, OPEN, 4)],
}

LABELS = [
    ("sex", ["Male", "Female"], 1),
    ("sexual_orientation", ["Straight", "Gay or Lesbian", "Bisexual", "Asexual"], 2),
    ("gender_identity", ["Man", "Woman", "Transgender or Non-Binary"], 3),
    ("intersex", ["Yes", "No"], 2),
    ("intersex", ["Male", "Female", "Intersex"], 2),
    ("race", ["White", "Asian", "Black", "Hispanic", "MENA"], 2),
    ("race", ["AIAN", "NHPI", "Mixed"], 3),
    ("race_ethnicity", ["White", "Asian", "Black", "Hispanic", "MENA"], 2),
    ("race_ethnicity", ["AIAN", "NHPI", "Mixed"], 3),
    ("ethnicity", ["Hispanic", "Not Hispanic"], 1),
    ("language", ["English", "Spanish", "Other"], 1),
    ("immigration_status", ["Citizen", "Foreign born"], 1),
    ("immigration_status", ["Citizen", "Naturalized", "Noncitizen"], 1),
]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load_rulebook("calhhs-ddg-2.0")


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

    def test_no_other_tables_are_in_the_rulebook(self, rulebook):
        def paths(prefix, entry):
            for name in type(entry).model_fields:
                value = getattr(entry, name)
                if isinstance(value, BandTable):
                    yield f"{prefix}{name}"
                elif hasattr(value, "model_fields_set"):
                    yield from paths(f"{prefix}{name}.", value)

        assert sorted(paths("", rulebook.scoring)) == sorted(BANDS)

    def test_a_service_address_scores_by_where_it_stands(self, rulebook):
        address = rulebook.scoring.service_address
        assert (address.street.score, address.rural.score, address.frontier.score) == (3, 5, 7)
        assert address.highest == address.frontier


class TestLabels:
    @pytest.mark.parametrize(("variable", "labels", "score"), LABELS)
    def test_every_listed_label_has_the_guidelines_score(self, rulebook, variable, labels, score):
        scored = rulebook.scoring.category_table(Variable(variable))
        assert [scored.level(label).score for label in labels] == [score] * len(labels)

    @pytest.mark.parametrize(
        ("variable", "score", "by_population", "at_least", "high_risk"),
        [
            ("sex", None, True, None, None),
            ("sexual_orientation", None, True, 2, None),
            ("gender_identity", 5, False, None, None),
            ("intersex", None, True, 2, None),
            ("race", None, True, None, None),
            ("ethnicity", None, True, None, None),
            ("language", None, True, 2, None),
            ("immigration_status", 1, True, None, "non_citizens"),
        ],
    )
    def test_more_detail(self, rulebook, variable, score, by_population, at_least, high_risk):
        more = rulebook.scoring.category_table(Variable(variable)).more_detail
        assert (more.score, more.by_population, more.at_least, more.high_risk) == (
            score,
            by_population,
            at_least,
            high_risk,
        )

    @pytest.mark.parametrize(
        ("label", "score"),
        [
            ("Non-Hispanic White", 2),
            ("White, Non-Hispanic", 2),
            ("White alone, not Hispanic or Latino", 2),
            ("Black or African American", 2),
            ("Black/African-American", 2),
            ("Non-Hispanic Black", 2),
            ("Hispanic or Latino", 2),
            ("Latino", 2),
            ("Middle Eastern or North African", 2),
            ("American Indian or Alaska Native", 3),
            ("Non-Hispanic American Indian or Alaska Native", 3),
            ("AI/AN", 3),
            ("NH/PI", 3),
            ("Native Hawaiian or Other Pacific Islander", 3),
            ("Non-Hispanic More than one race", 3),
            ("Two or More Races", 3),
            ("Multi-Race", 3),
            ("Other", 3),
        ],
    )
    def test_other_spellings_of_race(self, rulebook, label, score):
        assert rulebook.scoring.category_table(Variable.RACE_ETHNICITY).level(label).score == score

    @pytest.mark.parametrize("label", ["Chinese", "Hmong", "Non-Hispanic", "Asian Indian", "Other Asian", "Samoan"])
    def test_detail_is_not_taken_for_a_broad_group(self, rulebook, label):
        assert rulebook.scoring.category_table(Variable.RACE).level(label) is None


# Appendix H and §5.2, typed from the guideline: sample cases, highest relative standard error in percent, others
SURVEYS = {
    "general": {"minimum_denominator": 30},
    "brfss": {"minimum_denominator": 50},
    "meps": {"minimum_denominator": 70, "maximum_relative_standard_error": 30},
    "mtf": {"minimum_denominator": 100},
    "nhis": {"minimum_denominator": 50, "maximum_relative_standard_error": 30},
    "nhanes": {"minimum_denominator": 30, "maximum_relative_standard_error": 30},
    "nhds": {"minimum_denominator": 30, "flagged_up_to": 59, "maximum_relative_standard_error": 30},
    "nsfg": {"minimum_denominator": 50, "maximum_relative_standard_error": 30},
    "yrbss": {"minimum_denominator": 100},
    "shpps": {"minimum_denominator": 30},
    "namcs": {"minimum_numerator": 30, "maximum_relative_standard_error": 30},
    "ncvs": {"minimum_numerator": 11},
    "nhsda": {"maximum_relative_standard_error": 17.5},
    "chis": {"maximum_relative_standard_error": 20, "minimum_cell_unweighted": 3, "minimum_cell_weighted": 500},
    "cahps": {"minimum_denominator": 100},
}


class TestSurveys:
    def test_there_are_no_others(self, rulebook):
        assert rulebook.survey_limits.keys() == SURVEYS.keys()

    @pytest.mark.parametrize("name", SURVEYS)
    def test_limits(self, rulebook, name):
        words = {"section", "description", "note"}
        assert rulebook.survey_limits[name].model_dump(exclude_none=True, exclude=words) == SURVEYS[name]

    def test_samples_are_scored_like_populations(self, rulebook):
        assert rulebook.surveys.scored_as_population


class TestFigures:
    def test_thresholds_and_cut_off(self, rulebook):
        assert (rulebook.thresholds.numerator.lower, rulebook.thresholds.numerator.upper) == (1, 10)
        assert rulebook.thresholds.denominator == 20_000
        assert rulebook.cut_off == 12

    def test_masking_rules(self, rulebook):
        masking = rulebook.masking
        assert masking.one_more_where_all_at_most == 3
        assert masking.one_more_where_sum_below == 11
        assert masking.minimum_suppressed_per_row == 2
        assert {n: (level.possible_values, level.literal_rules) for n, level in masking.levels.items()} == {
            "exact": (2, False),
            "ddg": (3, True),
            "full": (10, True),
        }

    def test_masking_applies_over_the_cut_off_and_zeros_are_shown(self, rulebook):
        assert rulebook.masking.applies == "over_cut_off"
        assert rulebook.thresholds.zero == "shown"

    def test_whole_percentages(self, rulebook):
        form = rulebook.masking.whole_percentages
        assert (form.minimum_total, form.large_categories, form.small_categories) == (1_100, 2, 1)
        assert (form.below, form.shown_below) == (1, "<1%")
        assert "rounded to whole numbers" in rulebook.footnotes[form.footnote].text

    def test_texts_hold_the_figures(self, rulebook):
        assert rulebook.footnotes["suppression"].text == (
            "Counts under 11 are not shown, in accordance with the CalHHS Data De-Identification Guidelines, "
            "Edition 2.0."
        )
        assert "1 to 10 individuals, or is any denominator 20,000 or fewer" in rulebook.step(2).question
        assert rulebook.step(3).question == "Is the publication score over 12?"
        assert rulebook.masking.levels["full"].description == "Every small count could be any value from 1 to 10."

    def test_annotations(self, rulebook):
        annotations = rulebook.annotations
        codes = [
            getattr(annotations, name).code
            for name in ("none", "small", "complementary", "not_available", "unstable", "incomplete")
        ]
        assert codes == ["", "1", "2", "3", "4", "5"]
        assert annotations.none.description == ""
        assert "either" in annotations.hidden.description

    def test_high_risk_populations(self, rulebook):
        assert set(rulebook.high_risk) == {
            "substance_use_disorder",
            "serious_mental_illness",
            "trauma",
            "developmental_disability",
            "child_welfare",
            "homelessness",
            "victims_of_crime",
            "justice_involved",
            "non_citizens",
            "emergency_transport",
            "pregnancy_termination",
            "gender_affirming_care",
        }

    def test_sign_offs(self, rulebook):
        assert list(rulebook.sign_offs.roles) == ["data_steward", "deputy_director", "legal_counsel", "director"]

    def test_age_and_programs(self, rulebook):
        assert rulebook.scoring.age.open_band_ends_at == 99
        assert rulebook.scoring.age.highest_single_age == 89
        assert rulebook.scoring.means_tested_program.interacts_up_to == 10_000_000
