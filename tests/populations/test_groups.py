import itertools

import pytest

from ddg_pipeline.contract import Variable
from ddg_pipeline.populations import _tables, group, program, state
from ddg_pipeline.rulebook import load_rulebook

RACES = (Variable.RACE, Variable.RACE_ETHNICITY, Variable.ETHNICITY)
ALL = {**_tables.sizes("groups.csv"), **_tables.sizes("programs.csv")}


@pytest.fixture(scope="module")
def general():
    return load_rulebook("calhhs-ddg-2.0").scoring.general


def score(table, size):
    return table.band(size.people).score


class TestTheGuidelinesOwnExamples:
    """DDG 2.0 §16.2.4 Tables 6 and 8, §16.2.5 Table 16: typed from there, not taken from our table."""

    @pytest.mark.parametrize(
        ("points", "labels"),
        [
            (1, "Mexican"),
            (2, "Chinese, Filipino, German, Asian Indian, Italian, Korean, Salvadoran, Guatemalan, Central American"),
            (3, "Japanese, Armenian, Iranian, Aztec, Portuguese, Taiwanese, Hmong, Puerto Rican, Peruvian, Honduran"),
            (5, "Cambodian, Dutch, Pakistani, Egyptian, Thai, Maya, Afghan, Nigerian, Indonesian, Fijian, Jamaican"),
            (5, "Native Hawaiian, Cuban, Colombian, Argentinean, Dominican, Panamanian"),
            (7, "Tongan, Chamorro, Bangladeshi, Sri Lankan, Brazilian, Mixtec, Kenyan, Zapotec, Malaysian, Belizean"),
            (7, "Chumash, Sudanese, Pomo, Inca, Pipil, Bolivian, Uruguayan, Paraguayan"),
        ],
    )
    def test_detailed_race_and_ethnicity(self, points, labels, general):
        for label, variable in itertools.product(labels.split(", "), RACES):
            assert score(general, group(variable, label)) == points, label

    @pytest.mark.parametrize(
        ("points", "labels"),
        [
            (2, "Chinese, Tagalog, Vietnamese, Korean"),
            (3, "Persian, Hindi, Arabic, Russian, Japanese, French"),
            (5, "German, Portuguese, Hmong, Hebrew, Bengali, Polish"),
            (7, "Haitian, Navajo"),
        ],
    )
    def test_languages(self, points, labels, general):
        for label in labels.split(", "):
            assert score(general, group(Variable.LANGUAGE, label)) == points, label

    def test_veterans_and_education(self, general):
        assert score(general, group(Variable.VETERAN_STATUS, "Veteran")) == 2
        assert score(general, group(Variable.EDUCATION, "Associate's degree")) == 2
        assert score(general, group(Variable.EDUCATION, "Bachelor's degree or higher")) == 1

    @pytest.mark.parametrize(
        ("label", "points"),
        [
            ("Medi-Cal", 0),
            ("Medicare", 1),
            ("Private", 1),
            ("CalFresh", 1),
            ("Uninsured", 2),
            ("Self-Pay", 2),
            ("WIC", 2),
            ("CalWORKs", 2),
            ("CalWORKs, HSP", 7),
            ("Housing Support", 7),
        ],
    )
    def test_programs_and_payers(self, label, points):
        table = load_rulebook("calhhs-ddg-2.0").scoring.means_tested_program
        for variable in (Variable.MEANS_TESTED_PROGRAM, Variable.EXPECTED_PAYER):
            assert table.band(program(variable, label).people).score == points


class TestLabels:
    @pytest.mark.parametrize("label", ["Chinese", "CHINESE", " chinese ", "Chinese American", "Chinese-American"])
    def test_spellings(self, label):
        assert group(Variable.RACE, label).label == "Chinese"

    def test_phrases_that_change_nothing(self):
        assert group(Variable.RACE, "Malaysian alone") is None
        assert group(Variable.RACE, "Malaysian alone", ["alone"]).label == "Malaysian"

    def test_the_variable_tells_a_language_from_a_race(self):
        assert group(Variable.RACE, "Chinese") != group(Variable.LANGUAGE, "Chinese")
        assert group(Variable.RACE, "Tagalog") is None
        assert group(Variable.SEX, "Chinese") is None

    @pytest.mark.parametrize("label", ["Klingon", "Other Asian", "Asian Pacific Islander", "", "Chinese or Japanese"])
    def test_nothing_is_guessed(self, label):
        assert all(group(variable, label) is None for variable in Variable)

    @pytest.mark.parametrize(
        "label", ["Medi-Cal Managed Care", "Medicare Advantage", "Private pay dental", "", "Other"]
    )
    def test_a_part_of_a_program_is_not_the_program(self, label):
        assert all(program(variable, label) is None for variable in Variable)

    def test_a_plan_needs_its_members_declared_where_the_guideline_sizes_only_a_program(self):
        assert program(Variable.INSURANCE_COVERAGE, "Medi-Cal") is None
        assert program(Variable.INSURANCE_COVERAGE, "Medicare") is not None


class TestTheTables:
    def test_every_range_lies_in_one_line_of_the_general_table(self, general):
        for (_, label), size in _tables.sizes("groups.csv").items():
            top = size.at_least if size.at_most is None else size.at_most
            assert general.band(size.at_least) == general.band(top) or size.at_most is None, label

    def test_an_open_range_is_in_the_highest_line_or_names_its_figure(self, general):
        open_ones = {size.label: size for size in ALL.values() if size.at_most is None}
        highest = {label for label, size in open_ones.items() if general.band(size.at_least).upper is None}
        assert set(open_ones) - highest == {"MENA"}  # "above 700,000": the guideline scores it by that figure

    def test_nobody_is_more_than_the_state(self):
        assert all(size.at_least < state().size.people for size in ALL.values())

    def test_every_figure_names_its_source_year_and_definition(self):
        for size in ALL.values():
            assert size.source.title
            assert 2010 <= size.source.year <= 2024
            assert size.source.definition

    def test_every_source_is_used(self):
        used = {size.source.title for size in (*ALL.values(), state().size)}
        assert {source.title for source in _tables.settings().sources.values()} == used

    def test_exclusive_groups_add_up_to_the_state(self):
        labels = ["White", "Black", "AIAN", "Asian", "NHPI", "Some Other Race", "Two or More Races"]
        together = sum(group(Variable.RACE_ETHNICITY, label).people for label in [*labels, "Hispanic"])
        assert together == sum(group(Variable.RACE, label).people for label in labels) == state().size.people
        ethnicities = (group(Variable.ETHNICITY, label).people for label in ("Hispanic", "Not Hispanic"))
        assert sum(ethnicities) == state().size.people

    def test_a_size_says_what_it_is(self):
        assert str(group(Variable.RACE, "Mexican")) == "4,000,001 or more"
        assert str(group(Variable.RACE, "Thai")) == "20,001 to 100,000"
        assert str(group(Variable.LANGUAGE, "Navajo")) == "1,043"
