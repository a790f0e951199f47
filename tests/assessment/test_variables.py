"""The score of one variable by itself, at every edge of the guideline's tables, as a contract declares it."""

import pytest

from ddg_pipeline.errors import InputErrors, RefusedError

# The lower end of every band with its score, typed from the guideline; one fewer falls into the band before.
RESIDENCE = [
    (0, 7), (4_000, 7), (4_001, 5), (20_000, 5), (20_001, 4), (50_000, 4), (50_001, 3), (100_000, 3), (100_001, 1),
    (250_000, 1), (250_001, 0), (560_000, 0), (560_001, -1), (1_000_000, -1), (1_000_001, -3), (2_000_000, -3),
    (2_000_001, -5), (39_500_000, -5),
]  # fmt: skip
SERVICE = [
    (0, 1), (20_000, 1), (20_001, 0), (250_000, 0), (250_001, -1), (560_000, -1), (560_001, -3), (1_000_000, -3),
    (1_000_001, -4), (2_000_000, -4), (2_000_001, -5),
]  # fmt: skip
INSURANCE = [
    (0, 5), (20_000, 5), (20_001, 4), (50_000, 4), (50_001, 3), (100_000, 3), (100_001, 1), (250_000, 1), (250_001, 0),
    (560_000, 0), (560_001, -1), (1_000_000, -1), (1_000_001, -3), (2_000_000, -3), (2_000_001, -5),
]  # fmt: skip
PROGRAM = [
    (0, 7), (20_000, 7), (20_001, 5), (100_000, 5), (100_001, 3), (300_000, 3), (300_001, 2), (4_000_000, 2),
    (4_000_001, 1), (10_000_000, 1), (10_000_001, 0),
]  # fmt: skip
GENERAL = [
    (0, 7), (20_000, 7), (20_001, 5), (100_000, 5), (100_001, 3), (300_000, 3), (300_001, 2), (4_000_000, 2),
    (4_000_001, 1),
]  # fmt: skip


class TestSizes:
    @pytest.mark.parametrize(("size", "score"), RESIDENCE)
    def test_residence(self, score_of, size, score):
        declared = {"variable": "residence_geography", "population": {"A": size, "B": 40_000_000}}
        assert score_of(declared, ["A", "B"]) == score

    @pytest.mark.parametrize(("size", "score"), SERVICE)
    def test_service(self, score_of, size, score):
        declared = {"variable": "service_geography", "population": {"A": size, "B": 40_000_000}}
        assert score_of(declared, ["A", "B"]) == score

    @pytest.mark.parametrize(("size", "score"), INSURANCE)
    def test_insurance(self, score_of, size, score):
        assert (
            score_of({"variable": "insurance_coverage", "members": {"A": size, "B": 40_000_000}}, ["A", "B"]) == score
        )

    @pytest.mark.parametrize(("size", "score"), PROGRAM)
    @pytest.mark.parametrize("variable", ["means_tested_program", "expected_payer"])
    def test_program(self, score_of, variable, size, score):
        declared = {"variable": variable, "enrollment": {"A": size, "B": 40_000_000}}
        assert score_of(declared, ["A", "B"]) == score

    @pytest.mark.parametrize(("size", "score"), GENERAL)
    @pytest.mark.parametrize(
        "variable",
        ["other", "race", "race_ethnicity", "ethnicity", "sex", "veteran_status", "education"],
    )
    def test_general_table(self, score_of, variable, size, score):
        declared = {"variable": variable, "population": {"Group A": size, "Group B": 40_000_000}}
        assert score_of(declared, ["Group A", "Group B"]) == score

    @pytest.mark.parametrize(("size", "score"), [(size, max(2, score)) for size, score in GENERAL])
    def test_detailed_languages_start_at_two(self, score_of, size, score):
        declared = {"variable": "language", "population": {"Quenya": size, "English": 20_000_000}}
        assert score_of(declared, ["English", "Quenya"]) == score

    @pytest.mark.parametrize(("size", "score"), [(size, max(2, score)) for size, score in GENERAL])
    @pytest.mark.parametrize("variable", ["sexual_orientation", "intersex"])
    def test_more_detail_is_never_below_the_listed_groups(self, score_of, variable, size, score):
        assert score_of({"variable": variable, "population": {"p": size, "q": 40_000_000}}, ["p", "q"]) == score

    @pytest.mark.parametrize("variable", ["residence_geography", "service_geography"])
    def test_a_geography_without_population_is_an_error(self, score_of, variable):
        with pytest.raises(InputErrors, match=r"dimensions\.it\.population: found nothing; say how many people"):
            score_of({"variable": variable}, ["A", "B"])

    def test_a_category_without_a_size_is_an_error(self, score_of):
        declared = {"variable": "residence_geography", "population": {"A": 10}}
        with pytest.raises(InputErrors, match="no size for B"):
            score_of(declared, ["A", "B"])

    def test_totals_and_groups_are_not_the_riskiest_category(self, score_of):
        declared = {
            "variable": "residence_geography",
            "population": {"A": 30_000, "B": 3_000_000, "North": 3_030_000},
            "hierarchy": {"tree": {"North": ["A", "B"]}},
            "total": "State",
        }
        assert score_of(declared, ["A", "B", "North", "State"]) == 4

    def test_categories_not_known_have_no_size(self, score_of):
        declared = {"variable": "residence_geography", "population": {"A": 30_000}, "unknown": ["Out of state"]}
        assert score_of(declared, ["A", "Out of state"]) == 4


class TestTime:
    @pytest.mark.parametrize(
        ("period", "score"),
        [
            ("day", 5),
            ("week", 5),
            ("month", 5),
            ("quarter", 4),
            ("half-year", 3),
            ("year", 0),
            ("1 years", 0),
            ("2 years", -3),
            ("3 years", -3),
            ("4 years", -3),
            ("5 years", -5),
            ("10 years", -5),
        ],
    )
    def test_by_the_period(self, score_of, period, score):
        years = int(period.split()[0]) if period.endswith("years") else 1
        labels = [f"{begin}-{begin + years - 1}" for begin in (2000, 2010)] if years > 1 else ["A", "B"]
        assert score_of({"variable": "time", "period": period}, labels) == score

    def test_several_years_are_not_believed_of_labels_that_say_nothing(self, score_of):
        assert score_of({"variable": "time", "period": "5 years"}, ["A", "B"]) == 0

    def test_a_finer_and_a_coarser_period_take_the_finer(self, assessed):
        assessment = assessed(
            {
                "quarter": ({"variable": "time", "period": "quarter"}, ["Q1", "Q2"]),
                "span": ({"variable": "time", "period": "5 years"}, ["2016-2020", "2021-2025"]),
            }
        )
        assert [(t.dimension, t.score) for t in assessment.score.terms if t.variable == "time"] == [("quarter", 4)]

    def test_a_scope_without_a_period_is_an_error(self, assessed):
        with pytest.raises(InputErrors, match=r"scope\[0\]\.period: found nothing"):
            assessed({"sex": ({"variable": "sex"}, ["Male", "Female"])}, scope=[{"variable": "time"}])


class TestAge:
    @pytest.mark.parametrize(
        ("narrowest", "score"),
        [
            ("20-20", 7), ("20-21", 7), ("20-22", 5), ("20-24", 5), ("20-25", 3), ("20-29", 3), ("20-30", 2),
            ("20-48", 2), ("20-49", 1), ("70+", 1), ("71+", 2), ("89+", 2), ("90+", 3), ("<1", 7), ("0-17", 2),
            ("0-29", 1),
        ],
    )  # fmt: skip
    def test_by_the_narrowest_band(self, score_of, narrowest, score):
        assert score_of({"variable": "age", "additive": False}, ["30-85", narrowest]) == score

    def test_all_ages_and_unknown_ages_are_not_read(self, score_of):
        declared = {"variable": "age", "total": "All Ages", "unknown": ["n/a"]}
        assert score_of(declared, ["0-17", "18+", "All Ages", "n/a", "Unknown"]) == 2

    def test_a_label_that_is_no_band_is_an_error_that_says_what_to_write(self, score_of):
        with pytest.raises(InputErrors) as caught:
            score_of({"variable": "age"}, ["0-17", "adults", "Everyone"])
        messages = str(caught.value)
        assert "dimensions.it: found 'adults', which is no age band; write it like '0-17', '65+' or '<1'" in messages
        assert "'Everyone'" in messages
        assert "dimensions.it.total" in messages

    def test_ages_over_89_told_apart_are_refused(self, score_of):
        with pytest.raises(RefusedError, match=r"§3 Figure 1.*90\+"):
            score_of({"variable": "age"}, ["0-89", "90-94", "95-99"])


class TestLabels:
    @pytest.mark.parametrize(
        ("variable", "labels", "score"),
        [
            ("sex", ["Male", "Female"], 1),
            ("sex", ["M", "F", "Unknown"], 1),
            ("sexual_orientation", ["Straight", "Gay or Lesbian", "Bisexual", "Asexual"], 2),
            ("gender_identity", ["Man", "Woman", "Transgender or Non-Binary"], 3),
            ("gender_identity", ["Man", "Woman", "Transgender", "Non-Binary"], 5),
            ("intersex", ["Yes", "No"], 2),
            ("intersex", ["Male", "Female", "Intersex"], 2),
            ("race", ["White", "Asian", "Black", "Hispanic", "MENA"], 2),
            ("race", ["White", "Asian"], 2),
            ("race", ["White", "Asian", "Black", "Hispanic", "MENA", "AIAN"], 3),
            ("race_ethnicity", ["White", "Asian", "Black", "Latino", "AI/AN", "NH/PI", "Multi-Race", "Other"], 3),
            ("ethnicity", ["Hispanic", "Not Hispanic"], 1),
            ("language", ["English", "Spanish", "Other"], 1),
            ("immigration_status", ["Citizen", "Foreign born"], 1),
            ("immigration_status", ["Citizen", "Naturalized", "Noncitizen"], 1),
        ],
    )
    def test_listed_sets(self, score_of, variable, labels, score):
        assert score_of({"variable": variable}, labels) == score

    @pytest.mark.parametrize("variable", ["sex", "sexual_orientation", "intersex", "race", "ethnicity", "language"])
    def test_detail_without_population_is_an_error_that_says_what_to_declare(self, score_of, variable):
        with pytest.raises(InputErrors, match=r"dimensions\.it\.population: found nothing, and 'Quenya' is none of"):
            score_of({"variable": variable}, ["Quenya", "Unknown"])

    def test_detail_beside_broad_groups_takes_the_riskier(self, score_of):
        population = {"White": 20_000_000, "Mexican": 12_000_000}
        assert score_of({"variable": "race", "population": population}, ["White", "Mexican"]) == 2
        population = {"White": 20_000_000, "Hmong": 100_000}
        assert score_of({"variable": "race", "population": population}, ["White", "Hmong"]) == 5

    def test_broad_groups_keep_their_score_where_their_population_is_declared(self, score_of):
        population = {"White": 15_000_000, "NHPI": 150_000}
        assert score_of({"variable": "race", "population": population}, ["White", "NHPI"]) == 3

    def test_only_unknown_labels_is_an_error(self, score_of):
        with pytest.raises(InputErrors, match="only labels for 'not known'"):
            score_of({"variable": "sex"}, ["Unknown"])

    def test_finer_immigration_status_is_a_high_risk_population(self, assessed):
        labels = ["Citizen", "Naturalized", "Permanent resident", "Undocumented"]
        assessment = assessed({"status": ({"variable": "immigration_status"}, labels)})
        assert assessment.forced_by == ("non_citizens",)
        assert assessment.decision == "mask"
        assert [t.score for t in assessment.score.terms if t.variable == "immigration_status"] == [2]  # of 2 million


class TestOther:
    @pytest.mark.parametrize(("groups", "score"), [(1, 3), (4, 3), (5, 5), (9, 5), (10, 7), (50, 7)])
    def test_by_the_number_of_groups(self, assessed, groups, score):
        labels = [f"Group {number}" for number in range(groups)]
        for declared in ({"variable": "other"}, {"variable": "other", "groups": groups}):
            assessment = assessed({"it": (declared, labels)})
            assert [t.score for t in assessment.score.terms if t.variable == "other"] == [score]
            assert [note.field for note in assessment.notes if "expert" in note.text] == ["dimensions.it"]

    def test_declared_groups_may_be_more_than_the_table_shows(self, score_of):
        assert score_of({"variable": "other", "groups": 12}, ["A", "B"]) == 7

    def test_totals_groups_and_unknown_do_not_count(self, score_of):
        declared = {
            "variable": "other",
            "groups": 4,
            "total": "All",
            "hierarchy": {"tree": {"AB": ["A", "B"]}},
            "unknown": ["?"],
        }
        assert score_of(declared, ["A", "B", "C", "D", "AB", "All", "?"]) == 3

    def test_more_labels_than_declared_groups_is_an_error(self, score_of):
        with pytest.raises(InputErrors, match=r"dimensions\.it\.groups: found 2, but the table has 3 groups"):
            score_of({"variable": "other", "groups": 2}, ["A", "B", "C"])


class TestScope:
    SEX = ({"variable": "sex"}, ["Male", "Female"])

    def scope_term(self, assessed, **scope):
        assessment = assessed({"sex": self.SEX}, scope=[scope])
        (term,) = [term for term in assessment.score.terms if term.dimension == "scope[0]"]
        (interactions,) = [term for term in assessment.score.terms if term.variable == "interactions"]
        return term.score, interactions.score

    @pytest.mark.parametrize(
        ("scope", "score", "interactions"),
        [
            ({"variable": "residence_geography", "population": 39_500_000}, -5, 1),
            ({"variable": "residence_geography", "population": 3_000}, 7, 1),
            ({"variable": "service_geography", "population": 15_000}, 1, 1),
            ({"variable": "insurance_coverage", "members": 30_000}, 4, 1),
            ({"variable": "means_tested_program", "enrollment": 14_000_000}, 0, 1),
            ({"variable": "means_tested_program", "enrollment": 10_000_001}, 0, 1),
            ({"variable": "means_tested_program", "enrollment": 10_000_000}, 1, 2),
            ({"variable": "time", "period": "quarter"}, 4, 1),
            ({"variable": "expected_payer", "enrollment": 900_000}, 2, 2),
            ({"variable": "race", "population": 90_000}, 5, 2),
            ({"variable": "race", "label": "AIAN"}, 3, 2),
            ({"variable": "age", "population": 500_000}, 2, 2),
            ({"variable": "age", "label": "0-17"}, 2, 2),
            ({"variable": "gender_identity"}, 5, 2),
            ({"variable": "language", "population": 9_000_000}, 2, 2),
            ({"variable": "veteran_status", "label": "Veteran", "population": 1_500_000}, 2, 2),
            ({"variable": "other", "population": 15_000}, 7, 2),
            ({"variable": "other"}, 3, 2),
        ],
    )
    def test_it_scores_as_one_category_and_interacts_unless_it_tells_where_or_when(
        self, assessed, scope, score, interactions
    ):
        assert self.scope_term(assessed, **scope) == (score, interactions)

    @pytest.mark.parametrize(
        ("variable", "key"),
        [
            ("residence_geography", "population"),
            ("insurance_coverage", "members"),
            ("means_tested_program", "enrollment"),
            ("race", "population"),
            ("age", "population"),
            ("sex", "population"),
        ],
    )
    def test_what_decides_its_score_must_be_declared(self, assessed, variable, key):
        with pytest.raises(InputErrors, match=rf"scope\[0\]\.{key}: found nothing"):
            self.scope_term(assessed, variable=variable)


class TestErrorsTogether:
    def test_all_variables_are_reported_at_once(self, assessed):
        with pytest.raises(InputErrors) as caught:
            assessed(
                {
                    "county": ({"variable": "residence_geography"}, ["A", "B"]),
                    "age": ({"variable": "age"}, ["kids", "0-17"]),
                    "race": ({"variable": "race"}, ["Quenya", "White"]),
                }
            )
        assert [error.field for error in caught.value.errors] == [
            "dimensions.county.population",
            "dimensions.age",
            "dimensions.race.population",
        ]
