"""Sizes and periods that the labels tell, so that the contract need not."""

import pytest

from ddg_pipeline.errors import InputErrors

COUNTIES = ["Alameda", "Alpine", "Sierra"]
REGIONS = {"tree": {"Bay Area": ["Alameda"], "North": ["Alpine", "Sierra"]}}
RESIDENCE = {"variable": "residence_geography"}
SEX = {"sex": ({"variable": "sex"}, ["Male", "Female"])}


@pytest.fixture
def term(assessed):
    """Give the term of one variable among those of a table with that variable alone, and the notes on it."""

    def make(declared, labels, **keys):
        assessment = assessed({"it": (declared, labels)}, **keys)
        (found,) = [one for one in assessment.score.terms if one.dimension == "it"]
        return found, [note.text for note in assessment.notes if note.field.startswith("dimensions.it.")]

    return make


def problems(assessed, *arguments, **keys):
    with pytest.raises(InputErrors) as caught:
        assessed(*arguments, **keys)
    return [(error.field, error.found, error.expected) for error in caught.value.errors]


class TestAreas:
    @pytest.mark.parametrize(
        "labels",
        [
            COUNTIES,
            ["Alameda County", "Alpine County", "Sierra County"],
            ["6001", "6003", "6091"],
            ["06001", "06003", "06091"],
        ],
    )
    def test_counties_by_name_or_code(self, term, labels):
        found, (note,) = term(RESIDENCE, labels)
        assert (found.score, found.found) == (7, labels[1])
        assert "2020 Census" in note
        assert "all categories (3)" in note
        assert f"The smallest is {labels[1]}, with 1,204 people." in note

    @pytest.mark.parametrize(
        ("label", "score"), [("Alpine", 1), ("Fresno", -4), ("Los Angeles", -5), ("California", -5)]
    )
    def test_service_geography_has_the_same_sizes(self, term, label, score):
        assert term({"variable": "service_geography"}, [label])[0].score == score

    def test_what_is_declared_is_not_looked_up(self, term):
        sizes = {"Alameda": 1_600_000, "Alpine": 1_163, "Sierra": 3_200}
        found, notes = term({**RESIDENCE, "population": sizes}, COUNTIES)
        assert (found.score, notes) == (7, [])

    def test_other_areas_have_to_be_declared(self, assessed):
        assert problems(assessed, {"it": (RESIDENCE, ["Oakland", "Fremont"])})[0][:2] == (
            "dimensions.it.population",
            "nothing",
        )

    def test_one_unknown_area_among_counties_is_named_and_nothing_is_guessed(self, assessed):
        ((field, found, expected),) = problems(assessed, {"it": (RESIDENCE, [*COUNTIES, "Alamede"])})
        assert field == "dimensions.it.population"
        assert found == "nothing, and no known size for 'Alamede'"
        assert expected.startswith("spell 'Alamede' as 'Alameda', or say how many people")
        assert "counties are known by name or code" in expected

    def test_labels_for_not_known_need_no_size(self, term):
        found, _ = term({**RESIDENCE, "unknown": ["Out of state"]}, [*COUNTIES, "Out of state", "Unknown"])
        assert found.found == "Alpine"

    def test_a_column_of_cities_is_not_read_as_counties(self, assessed):
        assert problems(assessed, {"city": (RESIDENCE, ["Sacramento", "Fresno"])})[0][1] == "nothing"

    def test_totals_and_regions_are_not_the_smallest(self, term):
        declared = {**RESIDENCE, "hierarchy": REGIONS, "total": "California"}
        found, (note,) = term(declared, [*COUNTIES, "Bay Area", "North", "California"])
        assert (found.score, found.found) == (7, "Alpine")
        assert "all categories (3)" in note

    def test_a_region_of_which_no_county_is_shown_is_as_large_as_its_counties(self, term):
        declared = {**RESIDENCE, "hierarchy": REGIONS}
        found, (note,) = term(declared, ["Alameda", "Bay Area", "North"])
        assert (found.score, found.found) == (5, "North")  # 1,204 + 3,236
        assert "with 4,440 people" in note

    def test_a_region_with_a_part_of_unknown_size_has_to_be_declared(self, assessed):
        tree = {"tree": {"Bay Area": ["Alameda"], "North": ["Alpine", "Truckee"]}}
        ((_, found, _),) = problems(
            assessed, {"it": ({**RESIDENCE, "hierarchy": tree}, ["Alameda", "Bay Area", "North"])}
        )
        assert found == "nothing, and no known size for 'North'"

    def test_regions_beside_declared_sizes_of_counties(self, term):
        declared = {**RESIDENCE, "hierarchy": REGIONS, "population": {"Alameda": 1_682_353}}
        assert term(declared, ["Alameda", "Bay Area", "North"])[0].found == "North"

    def test_at_the_total_the_state_is_known(self, assessed):
        rows = [("California", "Male", 5), ("California", "Female", 20), ("Alpine", "Both", 3), ("Alameda", "Both", 22)]
        dimensions = {
            "county": ({**RESIDENCE, "total": "California"}, []),
            "sex": ({"variable": "sex", "total": "Both"}, []),
        }
        by_county, by_sex = sorted(
            assessed(dimensions, rows=rows).tables, key=lambda score: score.dimensions != ("county",)
        )
        assert [term.score for term in by_county.terms if term.dimension == "county"] == [7]
        assert [term.score for term in by_sex.terms if term.dimension == "county"] == [-5]


class TestGroups:
    def test_the_guidelines_example_of_detailed_races(self, term):
        found, (note,) = term({"variable": "race"}, ["Chinese", "Japanese", "Cambodian", "Malaysian"])
        assert (found.score, found.found) == (7, "Malaysian")
        assert "DDG 2.0 §16.2.4" in note
        assert "Malaysian, with 1 to 20,000 people" in note

    @pytest.mark.parametrize(
        ("variable", "label", "score"),
        [
            ("race", "Chinese", 2),
            ("race_ethnicity", "Japanese alone", 3),
            ("race_ethnicity", "Cambodian, non-Hispanic", 5),
            ("ethnicity", "Mexican", 1),
            ("ethnicity", "Bolivian", 7),
            ("language", "Korean", 2),
            ("language", "Navajo", 7),
            ("veteran_status", "Veteran", 2),
            ("education", "Associate's degree", 2),
        ],
    )
    def test_groups_by_label(self, term, variable, label, score):
        assert term({"variable": variable}, [label])[0].score == score

    def test_a_declared_size_goes_first(self, term):
        found, (note,) = term({"variable": "race", "population": {"Malaysian": 30_000}}, ["Malaysian"])
        assert found.score == 5
        assert "30,000 for 'Malaysian', which has 1 to 20,000" in note

    def test_groups_that_are_scored_by_their_names_need_no_size(self, term):
        found, notes = term({"variable": "race"}, ["White", "Black", "Asian", "Other"])
        assert (found.score, notes) == (3, [])
        found, (note,) = term({"variable": "race"}, ["White", "Asian", "Malaysian"])
        assert found.score == 7
        assert "that of Malaysian is taken" in note

    def test_one_unknown_group_has_to_be_declared(self, assessed):
        ((field, found, _),) = problems(assessed, {"it": ({"variable": "race"}, ["Chinese", "Ruritanian"])})
        assert field == "dimensions.it.population"
        assert "'Ruritanian'" in found
        assert "Chinese" not in found.split(" is none of ")[0]

    def test_where_all_sizes_are_needed_none_may_be_missing(self, assessed):
        ((_, found, _),) = problems(assessed, {"it": ({"variable": "education"}, ["Some college", "Apprenticeship"])})
        assert found == "nothing, and no known size for 'Apprenticeship'"


class TestPrograms:
    @pytest.mark.parametrize("variable", ["means_tested_program", "expected_payer"])
    @pytest.mark.parametrize(
        ("label", "score"),
        [
            ("Medi-Cal", 0),
            ("Medicare", 1),
            ("CalFresh", 1),
            ("WIC", 2),
            ("Uninsured", 2),
            ("CalWORKs Housing Support", 7),
        ],
    )
    def test_enrollment_may_be_left_out(self, term, variable, label, score):
        found, (note,) = term({"variable": variable}, [label])
        assert found.score == score
        assert "§16.2.10" in note

    def test_an_unknown_program_has_to_be_declared(self, assessed):
        fields = [
            problem[0] for problem in problems(assessed, {"it": ({"variable": "expected_payer"}, ["WIC", "XYZ"])})
        ]
        assert fields == ["dimensions.it.enrollment"]

    def test_members_of_a_plan_have_to_be_declared(self, assessed):
        ((field, found, _),) = problems(assessed, {"it": ({"variable": "insurance_coverage"}, ["Plan A", "Plan B"])})
        assert (field, found) == ("dimensions.it.members", "nothing")


class TestPeriods:
    @pytest.mark.parametrize(
        ("labels", "score"),
        [
            (["2022", "2023"], 0),
            (["FY 2022-23"], 0),
            (["2019-2023"], -5),
            (["2018-2020", "2021-2023"], -3),
            (["2024 H1"], 3),
            (["2024 Q1", "2024 Q2"], 4),
            (["Jan 2024"], 5),
            (["2024-W05"], 5),
            (["2024-01-15"], 5),
            (["2023", "2024 Q1"], 4),
        ],
    )
    def test_read_from_labels(self, term, labels, score):
        found, (note,) = term({"variable": "time"}, labels)
        assert found.score == score
        assert repr(labels[0]) in note or labels[0] in note

    def test_the_shorter_of_two_readings_holds_and_is_noted(self, term):
        found, (note,) = term({"variable": "time"}, ["2021-22", "2023-24"])
        assert found.score == 0
        assert "could also be 2 years" in note

    def test_declared_it_may_be_either(self, term):
        assert term({"variable": "time", "period": "2 years"}, ["2021-22", "2023-24"])[0].score == -3

    def test_a_declared_period_with_unreadable_labels_is_believed(self, term):
        found, notes = term({"variable": "time", "period": "year"}, ["before the law", "after the law"])
        assert (found.score, notes) == (0, [])

    @pytest.mark.parametrize("period", ["2 years", "5 years"])
    @pytest.mark.parametrize("labels", [["Ward A", "Ward B"], ["2019-2023", "Ward B"], ["2024 (A)", "2024 (B)"]])
    def test_labels_that_do_not_say_when_never_lower_the_score(self, term, labels, period):
        found, notes = term({"variable": "time", "period": period}, labels)
        assert found.score == 0
        assert any(f"{period} is declared" in note and "counts as one year" in note for note in notes)

    def test_the_labels_that_can_be_read_contradict_beside_others(self, assessed):
        declared = {"variable": "time", "period": "year"}
        ((_, found, _),) = problems(assessed, {"it": (declared, ["2024 Q1", "Ward B"])})
        assert found == "year, but '2024 Q1' read like quarter"

    def test_a_shorter_period_is_believed_beside_labels_that_cannot_be_read(self, term):
        assert term({"variable": "time", "period": "month"}, ["2024", "Ward B"])[0].score == 5

    def test_fiscal_years_that_share_a_year_are_no_pairs_of_years(self, assessed):
        declared = {"variable": "time", "period": "2 years"}
        ((field, found, _),) = problems(assessed, {"it": (declared, ["2020-21", "2021-22"])})
        assert (field, found) == ("dimensions.it.period", "2 years, but '2020-21', '2021-22' read like year")

    @pytest.mark.parametrize(
        ("labels", "score"),
        [
            (["January 2020-2024", "February 2020-2024"], 5),
            (["2020-2021 Q1"], 4),
            (["2024 (Q1)"], 4),
            (["2024 (May)"], 5),
        ],
    )
    def test_a_part_of_years_scores_as_the_part(self, term, labels, score):
        assert term({"variable": "time"}, labels)[0].score == score

    def test_labels_for_the_same_time_have_to_be_declared(self, assessed):
        ((_, found, _),) = problems(assessed, {"it": ({"variable": "time"}, ["2024 (A)", "2024 (B)"])})
        assert found == "nothing, and some of '2024 (A)', '2024 (B)' read like the same time"

    def test_totals_and_unknown_are_not_read(self, term):
        declared = {"variable": "time", "total": "All years", "unknown": ["n/a"]}
        assert term(declared, ["2022", "2023", "All years", "n/a", "Unknown"])[0].score == 0

    def test_unreadable_labels_have_to_be_declared(self, assessed):
        ((field, found, expected),) = problems(assessed, {"it": ({"variable": "time"}, ["2023", "recent", "Total"])})
        assert field == "dimensions.it.period"
        assert found == "nothing, and 'recent', 'Total' are no period"
        assert "dimensions.it.total" in expected

    def test_at_the_total_of_years_the_single_years_hold(self, assessed):
        rows = [("All", "Male", 5), ("All", "Female", 20), ("2022", "Both", 12), ("2023", "Both", 13)]
        time, sex = {"variable": "time", "total": "All"}, {"variable": "sex", "total": "Both"}
        tables = assessed({"year": (time, []), "sex": (sex, [])}, rows=rows).tables
        assert [t.score for score in tables for t in score.terms if t.dimension == "year"] == [0, 0]


class TestScope:
    @pytest.mark.parametrize(
        ("scope", "score"),
        [
            ({"variable": "residence_geography", "label": "Alpine"}, 7),
            ({"variable": "residence_geography", "label": "California"}, -5),
            ({"variable": "residence_geography", "label": "06003"}, 7),
            ({"variable": "service_geography", "label": "Alpine County"}, 1),
            ({"variable": "means_tested_program", "label": "Medi-Cal"}, 0),
            ({"variable": "means_tested_program", "label": "CalFresh"}, 1),
            ({"variable": "race", "label": "Malaysian"}, 7),
            ({"variable": "time", "label": "2023"}, 0),
            ({"variable": "time", "label": "2019-2023"}, -5),
            ({"variable": "time", "label": "2023 Q1"}, 4),
        ],
    )
    def test_by_label(self, assessed, scope, score):
        assessment = assessed(SEX, scope=[scope])
        assert [term.score for term in assessment.score.terms if term.dimension == "scope[0]"] == [score]
        assert [note for note in assessment.notes if note.field.startswith("scope[0].")]

    def test_an_unknown_label_has_to_be_declared(self, assessed):
        scope = [{"variable": "residence_geography", "label": "Oakland"}]
        assert [problem[0] for problem in problems(assessed, SEX, scope=scope)] == ["scope[0].population"]


class TestImplied:
    def make(self, assessed, *implies):
        declared = {"variable": "other", "implies": list(implies)}
        assessment = assessed({"clinic": (declared, ["North", "South"])})
        return {term.variable: term.score for term in assessment.score.terms if term.dimension == "clinic"}

    def test_by_label(self, assessed):
        assert self.make(assessed, {"variable": "race", "label": "Hmong"})["race"] == 3
        assert self.make(assessed, {"variable": "age", "label": "0-17"})["age"] == 2

    def test_where_one_has_no_size_the_others_do_not_stand_for_it(self, assessed):
        implies = [
            {"variable": "means_tested_program", "label": "WIC"},
            {"variable": "means_tested_program", "label": "Local relief"},
        ]
        with pytest.raises(InputErrors, match="'Local relief'"):
            self.make(assessed, *implies)


class TestEverythingIsReportedTogether:
    def test_one_run_names_all_that_is_missing(self, assessed):
        dimensions = {
            "county": (RESIDENCE, ["Alpine", "Alamede"]),
            "year": ({"variable": "time"}, ["2023", "recent"]),
            "payer": ({"variable": "expected_payer"}, ["WIC", "XYZ"]),
            "age": ({"variable": "age"}, ["kids", "0-17"]),
        }
        scope = [{"variable": "service_geography", "label": "Oakland"}]
        fields = [problem[0] for problem in problems(assessed, dimensions, scope=scope)]
        assert sorted(fields) == [
            "dimensions.age",
            "dimensions.county.population",
            "dimensions.payer.enrollment",
            "dimensions.year.period",
            "scope[0].population",
        ]
