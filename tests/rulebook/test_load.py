import re
from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import BandTable, load_rulebook, parse_rulebook, shipped_rulebooks
from ddg_pipeline.rulebook.labels import normalised
from ddg_pipeline.rulebook.model import CategoryTable

EDITIONS = ["calhhs-ddg-1.0", "calhhs-ddg-2.0"]


def raw() -> dict:
    text = (resources.files("ddg_pipeline.rulebook") / "calhhs-ddg-2.0.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def errors_of(changed: dict) -> dict[str, str]:
    """Give the errors by entry; each has to name the line of the entry, or of the closest one above it."""
    text = yaml.safe_dump(changed, allow_unicode=True, sort_keys=False)
    with pytest.raises(InputErrors) as caught:
        parse_rulebook(text, "mine.yaml")
    lines = text.splitlines()
    for error in caught.value.errors:
        place, _, number = error.place.partition(", line ")
        assert place == "mine.yaml"
        last = [part for part in error.field.split(".") if not part.isdigit() and f"{part}:" in text][-1:]
        wrong_line = lines[int(number) - 1]
        assert not last or last[0] in wrong_line or "- " in wrong_line or error.found == "nothing", error
    return {error.field: str(error) for error in caught.value.errors}


class TestShippedRulebooks:
    @pytest.mark.parametrize("name", shipped_rulebooks())
    def test_each_loads_under_its_own_name(self, name):
        assert load_rulebook(name).name == name

    def test_an_unknown_name_lists_the_shipped_ones(self):
        with pytest.raises(InputErrors, match=r"'calhhs-ddg-3'; one of .*calhhs-ddg-2\.0") as caught:
            load_rulebook("calhhs-ddg-3")
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize("name", EDITIONS)
    def test_every_entry_cites_a_section(self, name):
        def sections(entry, above):
            """Every mapping with figures or words stands in a mapping that cites a section, or cites one itself."""
            if isinstance(entry, dict):
                cited = above or "section" in entry
                plain = [v for k, v in entry.items() if not isinstance(v, dict | list) and k not in head]
                assert cited or not plain, entry
                for value in entry.values():
                    sections(value, cited)
            elif isinstance(entry, list):
                for value in entry:
                    sections(value, above)

        head = {"name", "title", "approved"}
        text = (resources.files("ddg_pipeline.rulebook") / f"{name}.yaml").read_text(encoding="utf-8")
        content = yaml.safe_load(text)
        assert content.pop("section")
        for key, value in content.items():
            if key not in head:
                sections(value, above=False)

    def test_a_loaded_rulebook_cannot_be_changed(self):
        rulebook = load_rulebook("calhhs-ddg-2.0")
        with pytest.raises(ValidationError, match="frozen"):
            rulebook.thresholds.denominator = 1


class TestErrors:
    def test_a_gap_between_bands(self):
        changed = raw()
        changed["scoring"]["events"]["bands"][1]["lower"] = 12
        assert "a gap at 11, between '<11' and '11-99'" in errors_of(changed)["scoring.events.bands.1"]

    def test_overlapping_bands(self):
        changed = raw()
        changed["scoring"]["events"]["bands"][1]["lower"] = 10
        assert "'<11' and '11-99' overlap at 10" in errors_of(changed)["scoring.events.bands.1"]

    def test_an_open_end_in_the_middle(self):
        changed = raw()
        del changed["scoring"]["events"]["bands"][1]["upper"]
        assert "'11-99' has no upper end" in errors_of(changed)["scoring.events.bands.1"]

    def test_a_closed_end_at_the_top(self):
        changed = raw()
        changed["scoring"]["events"]["bands"][-1]["upper"] = 5000
        assert "nothing holds above 5000" in errors_of(changed)["scoring.events.bands.3"]

    def test_a_band_that_ends_before_it_begins(self):
        changed = raw()
        changed["scoring"]["events"]["bands"][1]["upper"] = 5
        assert "ends at 5, before it begins at 11" in errors_of(changed)["scoring.events.bands.1"]

    def test_several_errors_are_reported_together(self):
        changed = raw()
        changed["cutoff"] = 12
        del changed["scoring"]["events"]["section"]
        changed["thresholds"]["denominator"] = "many"
        assert set(errors_of(changed)) == {"cutoff", "scoring.events.section", "thresholds.denominator"}

    def test_an_entry_without_a_section(self):
        changed = raw()
        del changed["high_risk"]["trauma"]["section"]
        assert "found nothing" in errors_of(changed)["high_risk.trauma.section"]

    @pytest.mark.parametrize(
        ("path", "value", "expected"),
        [
            (("masking", "levels", "full", "possible_values"), 9, "must be 10"),
            (("masking", "levels", "full", "possible_values"), "all", "write a whole number, or every"),
            (("masking", "one_more_where_sum_below"), 10, "more than 10"),
            (("masking", "applies"), "sometimes", "write one of over_cut_off, always"),
            (("masking", "whole_percentages", "footnote"), "none_such", "not in footnotes"),
            (("masking", "whole_percentages", "minimum_total"), 1000, "not under 1 percent"),
            (("thresholds", "zero"), "hidden", "write shown"),
            (("footnotes", "suppression", "text"), "Under {eleven}.", "only {smallest}, {largest}"),
            (("footnotes", "suppression", "text"), "Under {limit.", "only {smallest}, {largest}"),
            (("survey_limits", "chis"), {"section": "§5", "description": "CHIS"}, "give at least one of"),
            (("survey_limits", "nhds", "flagged_up_to"), 20, "less than minimum_denominator"),
            (("masking", "levels", "ddg", "possible_values"), 11, "only 10 values"),
            (("thresholds", "numerator", "upper"), 0, "write a whole number, 1 or more"),
            (("annotations", "small", "code"), "2", "same code"),
            (("scoring", "categories", "immigration_status", "more_detail", "high_risk"), "aliens", "not in high_risk"),
            (("scoring", "categories", "ethnicity", "variables"), ["race"], "another table"),
            (("scoring", "categories", "sex", "more_detail"), {"category": "x"}, "by_population"),
        ],
    )
    def test_a_contradiction(self, path, value, expected):
        changed = raw()
        entry = changed
        for key in path[:-1]:
            entry = entry[key]
        entry[path[-1]] = value
        assert expected in "\n".join(errors_of(changed).values())

    def test_a_missing_step(self):
        changed = raw()
        del changed["procedure"][2]
        assert "the steps must be 1 to 6" in errors_of(changed)["procedure"]

    @pytest.mark.parametrize("text", ["- a list", "", "name: [unclosed", "name: x\nname: y"])
    def test_text_that_is_no_rulebook(self, text):
        with pytest.raises(InputErrors, match=re.escape("mine.yaml")):
            parse_rulebook(text, "mine.yaml")


class TestBandTables:
    @given(st.lists(st.integers(1, 1000), min_size=1, max_size=6, unique=True), st.integers(0, 2000))
    def test_every_number_falls_into_exactly_one_band(self, ends, number):
        ends = sorted(ends)
        lowers = [0, *(end + 1 for end in ends)]
        bands = [
            {"category": str(i), "score": i, "lower": lower, "upper": upper}
            for i, (lower, upper) in enumerate(zip(lowers, [*ends, None], strict=True))
        ]
        table = BandTable.model_validate({"section": "§1", "unit": "people", "bands": bands})
        found = table.band(number)
        assert [band for band in table.bands if number in band] == [found]
        assert found.lower <= number
        assert found.upper is None or number <= found.upper

    def test_what_is_finer_than_listed_takes_the_first_band(self):
        assert load_rulebook("calhhs-ddg-2.0").scoring.age.band(0).category == "1-2 years"

    def test_a_negative_number_is_an_error(self):
        with pytest.raises(ValueError, match="fewer than 0"):
            load_rulebook("calhhs-ddg-2.0").scoring.general.band(-1)


class TestCategoryTables:
    def test_a_label_of_several_levels_belongs_to_the_lowest(self):
        table = CategoryTable.model_validate(
            {
                "section": "§1",
                "variables": ["race"],
                "levels": [
                    {"category": "six groups", "score": 3, "labels": {"White": [], "AIAN": []}},
                    {"category": "three groups", "score": 2, "labels": {"White": ["caucasian"]}},
                ],
                "more_detail": {"category": "detailed", "score": 4},
            }
        )
        assert (table.level("white").score, table.level("Caucasian").score, table.level("AIAN").score) == (2, 2, 3)
        assert table.level("Chinese") is None
        assert table.listed == ("White", "AIAN")


class TestLabelNormalisation:
    @pytest.mark.parametrize(
        ("label", "expected"),
        [("AI/AN", "ai an"), ("  Black  or_African-American ", "black or african american"), ("Latino", "latino")],
    )
    def test_case_spaces_and_signs_make_no_difference(self, label, expected):
        assert normalised(label) == expected

    def test_phrases_are_left_out_but_never_all_of_it(self):
        assert normalised("Asian, non-Hispanic", without=["non hispanic"]) == "asian"
        assert normalised("Non-Hispanic", without=["non hispanic"]) == "non hispanic"

    def test_the_longest_phrase_goes_first(self):
        assert normalised("Asian not Hispanic or Latino", ["not hispanic", "not hispanic or latino"]) == "asian"

    @given(st.text(max_size=30))
    def test_it_is_idempotent(self, label):
        assert normalised(normalised(label)) == normalised(label)
