"""A department's rulebook: what it may say otherwise, how errors name the line, and who is remembered for it."""

import textwrap
from dataclasses import dataclass, field

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.quality.hashing import sha256_of
from ddg_pipeline.rulebook import SHIPPED, RulebookDocument, UnknownRulebookError, load_rulebook, parse_rulebook
from ddg_pipeline.rulebook.difference import citation, differences

SOURCE = "Department policy 7 (2024-03-01)"


@dataclass
class Shelf:
    """Rulebooks by name, in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def find(self, name):
        if name in self.texts:
            return RulebookDocument(f"{name}.yaml", self.texts[name], self, name)
        try:
            return SHIPPED.find(name)
        except UnknownRulebookError:
            raise UnknownRulebookError(repr(name), "another") from None


def overlay(overrides, name="mine", extends="calhhs-ddg-2.0", **head):
    full = {entry: {"source": SOURCE, "reason": "so", **override} for entry, override in overrides.items()}
    content = {"name": name, "title": "My rules", "approved": "2024-03-01", "extends": extends, "overrides": full}
    return yaml.safe_dump(content | head, sort_keys=False)


def load(overrides, **head):
    return parse_rulebook(overlay(overrides, **head).replace("'2024-03-01'", "2024-03-01"), "mine.yaml")


def written(overrides):
    """Write an overlay by hand, so that lines can be counted; `overrides` begins in line 5."""
    head = "name: mine\ntitle: My rules\nextends: calhhs-ddg-2.0\noverrides:\n"
    return head + textwrap.indent(textwrap.dedent(overrides).lstrip("\n"), "  ")


def errors(text, shelf=None):
    with pytest.raises(InputErrors) as caught:
        parse_rulebook(text, "mine.yaml", shelf or Shelf())
    return [(error.place, error.field, str(error)) for error in caught.value.errors]


NINE = {"thresholds.numerator.upper": {"value": 9}}


class TestWhatAnOverlayChanges:
    def test_a_scalar_by_its_path_and_nothing_beside_it(self):
        mine, base = load({"thresholds.denominator": {"value": 50_000}}), load_rulebook("calhhs-ddg-2.0")
        assert (mine.thresholds.denominator, mine.thresholds.numerator) == (50_000, base.thresholds.numerator)
        assert mine.scoring == base.scoring

    def test_a_list_is_replaced_as_a_whole(self):
        bands = [
            {"category": "few", "lower": 1, "upper": 99, "score": 9},
            {"category": "many", "lower": 100, "score": 1},
        ]
        mine = load({"scoring.events.bands": {"value": bands}})
        assert [(band.lower, band.upper, band.score) for band in mine.scoring.events.bands] == [
            (1, 99, 9),
            (100, None, 1),
        ]
        assert mine.scoring.events.unit == load_rulebook("calhhs-ddg-2.0").scoring.events.unit

    def test_a_mapping_is_replaced_as_a_whole(self):
        roles = {"privacy_officer": {"description": "Privacy officer"}}
        assert list(load({"sign_offs.roles": {"value": roles}}).sign_offs.roles) == ["privacy_officer"]

    def test_an_optional_entry_can_be_taken_away(self):
        assert load({"masking.whole_percentages": {"value": None}}).masking.whole_percentages is None
        assert load({"scoring.general": {"value": None}}).scoring.general is None

    def test_a_new_entry_has_to_be_called_new(self):
        value = {"description": "People who came as refugees"}
        mine = load({"high_risk.refugees": {"value": value, "new": True}})
        assert "refugees" in mine.high_risk
        assert mine.cite(mine.high_risk["refugees"].section) == SOURCE

    def test_texts_follow_the_figures(self):
        mine = load(NINE)
        assert mine.masking.levels["full"].possible_values == 9
        assert mine.footnotes["suppression"].text == "Counts under 10 are not shown, in accordance with the My rules."
        assert "derived from 1 to 9 individuals" in mine.step(2).question

    def test_an_overlay_may_extend_an_overlay(self):
        shelf = Shelf({"below": overlay(NINE | {"masking.applies": {"value": "always"}}, name="below")})
        upper = {"thresholds.numerator.upper": {"value": 5, "source": "Unit rule (2025)"}}
        text = overlay(upper | {"masking.one_more_where_sum_below": {"value": 6}}, extends="below")
        mine = parse_rulebook(text.replace("'2024-03-01'", "2024-03-01"), "mine.yaml", shelf)
        assert (mine.thresholds.numerator.upper, mine.masking.applies) == (5, "always")
        assert [(one.entry, one.before, one.after, one.by) for one in mine.overrides] == [
            ("thresholds.numerator.upper", 10, 9, "below"),
            ("masking.applies", "over_cut_off", "always", "below"),
            ("thresholds.numerator.upper", 9, 5, "mine"),
            ("masking.one_more_where_sum_below", 11, 6, "mine"),
        ]

    @settings(max_examples=25, deadline=None)
    @given(st.integers(2, 40), st.integers(0, 10**6))
    def test_any_threshold_makes_a_whole_rulebook(self, upper, denominator):
        mine = load(
            {
                "thresholds.numerator": {"value": {"lower": 1, "upper": upper}},
                "thresholds.denominator": {"value": denominator},
                "masking.one_more_where_sum_below": {"value": upper + 1},
                "masking.whole_percentages.minimum_total": {"value": 100 * (upper + 1)},
                "masking.levels.ddg.possible_values": {"value": min(3, upper)},
            }
        )
        assert mine.masking.levels["full"].possible_values == upper
        assert f"Counts under {upper + 1} " in mine.footnotes["suppression"].text
        assert f"{denominator:,} or fewer" in mine.step(2).question


class TestWhoSaidIt:
    def test_every_override_is_remembered(self):
        [one] = load(NINE).overrides
        assert (one.entry, one.before, one.after) == ("thresholds.numerator.upper", 10, 9)
        assert (one.source, one.reason, one.by) == (SOURCE, "so", "mine")

    def test_a_replaced_entry_cites_the_overlay_and_what_it_stands_for(self):
        value = {"unit": "people", "bands": [{"category": "any", "lower": 0, "score": 1}]}
        mine = load({"scoring.general": {"value": value}})
        assert mine.cite(mine.scoring.general.section) == f"{SOURCE} (in place of DDG 2.0 §16.2)"

    def test_entries_of_a_replaced_mapping_cite_the_overlay_each(self):
        mine = load({"high_risk": {"value": {"refugees": {"description": "Refugees"}, "non_citizens": {
            "description": "Non-citizens", "section": "§5.6.2"}}}})  # fmt: skip
        assert mine.cite(mine.high_risk["refugees"].section) == SOURCE
        assert mine.cite(mine.high_risk["non_citizens"].section) == "DDG 2.0 §5.6.2"

    def test_a_role_that_signs_has_no_citation_of_its_own(self):
        mine = load({"sign_offs.roles.privacy": {"value": {"description": "Privacy officer"}, "new": True}})
        assert mine.sign_offs.roles["privacy"].description == "Privacy officer"
        assert mine.sign_offs.section.endswith(f"; roles.privacy: {SOURCE}")

    def test_an_entry_changed_in_part_cites_both(self):
        mine = load(NINE | {"thresholds.denominator": {"value": 1}})
        assert mine.cite(mine.thresholds.section) == (
            f"DDG 2.0 §4.2, §4.3.1, §16.2; numerator.upper and denominator: {SOURCE}"
        )
        assert citation(mine, "thresholds.zero") == "DDG 2.0 §4.2, §4.3.1, §16.2"
        assert citation(mine, "thresholds.numerator.upper") == SOURCE

    def test_other_entries_cite_the_edition(self):
        mine = load(NINE)
        assert mine.cite(mine.scoring.events.section) == "DDG 2.0 §16.2"

    def test_a_figure_with_a_citation_of_its_own_changes_that_one(self):
        mine = load({"scoring.age.open_band_ends_at": {"value": 109}})
        assert SOURCE in mine.scoring.age.open_band_section
        assert mine.scoring.age.section == "§16.2"

    def test_the_difference_lists_entry_before_after_source_and_reason(self):
        found = {one.entry: one for one in differences(load(NINE), load_rulebook("calhhs-ddg-2.0"))}
        changed = found.pop("thresholds.numerator.upper")
        assert (changed.before, changed.after, changed.source, changed.reason) == (10, 9, SOURCE, "so")
        assert set(found) == {
            "procedure",
            "masking.levels.full.possible_values",
            "masking.levels.full.description",
            "footnotes.suppression.text",
            "footnotes.complementary.text",
            "footnotes.reason_not_shown.text",
        }
        assert {one.reason for one in found.values()} == {"follows from the other entries"}

    def test_a_rulebook_does_not_differ_from_itself(self):
        assert differences(load(NINE), load(NINE)) == []

    def test_a_certificate_s_hash_covers_every_entry_and_its_source(self):
        texts = [
            overlay(NINE),
            overlay({"thresholds.numerator.upper": {"value": 8}}),
            overlay({"thresholds.numerator.upper": {"value": 9, "source": "Another policy"}}),
        ]
        mine = [parse_rulebook(text.replace("'2024-03-01'", "2024-03-01"), "mine.yaml") for text in texts]
        assert len({sha256_of(rulebook) for rulebook in mine}) == 3
        assert len({sha256_of(rulebook) for rulebook in (mine[0], load(NINE))}) == 1


class TestErrors:
    def test_an_unknown_entry_names_its_line_and_what_there_is(self):
        text = written("""
            thresholds.numerator.uper:
              {value: 9, source: Policy 7, reason: so}
            """)
        [(place, entry, message)] = errors(text)
        assert (place, entry) == ("mine.yaml, line 5", "overrides.thresholds.numerator.uper")
        assert "in thresholds.numerator there are lower, upper; or say `new: true`" in message

    def test_a_new_entry_that_no_rulebook_knows(self):
        text = written("""
            thresholds.numerators:
              {value: 9, source: Policy 7, reason: so, new: true}
            """)
        [(place, entry, message)] = errors(text)
        assert (place, entry) == ("mine.yaml, line 6", "thresholds.numerators")
        assert "did you mean 'numerator'? allowed here: section, note, numerator, zero, denominator" in message

    def test_a_wrong_value_names_the_line_of_the_value(self):
        text = written("""
            thresholds.denominator:
              source: Policy 7
              reason: so
              value: many
            """)
        [(place, entry, message)] = errors(text)
        assert (place, entry) == ("mine.yaml, line 8", "thresholds.denominator")
        assert "found 'many'" in message

    def test_a_gap_names_the_line_of_the_band(self):
        text = written("""
            scoring.events.bands:
              value:
                - {category: few, lower: 1, upper: 9, score: 7}
                - {category: many, lower: 11, score: 5}
              source: Policy 7
              reason: so
            """)
        [(place, entry, message)] = errors(text)
        assert (place, entry) == ("mine.yaml, line 8", "scoring.events.bands.1")
        assert "a gap at 10, between 'few' and 'many'" in message

    def test_what_contradicts_the_rest_names_the_entry_below(self):
        [(place, entry, message)] = errors(overlay({"thresholds.numerator.upper": {"value": 11}}))
        assert entry == "masking.one_more_where_sum_below"
        assert place.startswith("rulebook calhhs-ddg-2.0, line ")
        assert "must be more than 11" in message

    @pytest.mark.parametrize(
        ("entry", "override", "expected"),
        [
            ("scoring.events.bands.0", {"value": {}}, "override scoring.events.bands: a list is replaced as a whole"),
            ("title", {"value": "x"}, "write `title:` at the top"),
            ("section", {"value": "x"}, "write `section:` at the top"),
            ("thresholds.section", {"value": "x"}, "`source` is the citation"),
            ("thresholds", {"value": {"section": "x"}}, "leave `section` out"),
            ("thresholds.denominator", {"value": 1, "new": True}, "leave `new` out"),
            ("thresholds.denominator.more", {"value": 1}, "thresholds.denominator has no entries"),
            ("threshold.denominator", {"value": 1}, "at the top there are name, title"),
            ("thresholds..denominator", {"value": 1}, "the dotted path of an entry, such as thresholds.denominator"),
            ("thresholds.denominator", {"value": 1, "source": "§4.2"}, "name the document"),
            ("thresholds.denominator", {"value": 1, "source": ""}, "found ''; write the document that says so"),
            ("thresholds.denominator", {"value": 1, "because": "x"}, "allowed here: value, source, reason, new"),
        ],
    )
    def test_an_override_that_cannot_be(self, entry, override, expected):
        assert expected in "\n".join(message for _, _, message in errors(overlay({entry: override})))

    @pytest.mark.parametrize("key", ["source", "reason", "value"])
    def test_an_override_needs_value_source_and_reason(self, key):
        whole = {"value": 1, "source": SOURCE, "reason": "so"}
        del whole[key]
        text = yaml.safe_dump(
            {"name": "mine", "title": "t", "extends": "calhhs-ddg-2.0", "overrides": {"thresholds.denominator": whole}}
        )
        assert [field for _, field, _ in errors(text)] == [f"overrides.thresholds.denominator.{key}"]

    def test_one_override_inside_another(self):
        both = NINE | {"thresholds.numerator": {"value": {"lower": 1, "upper": 9}}}
        assert "a part of thresholds.numerator, which is overridden as well" in errors(overlay(both))[0][2]

    def test_all_that_is_wrong_is_told_at_once(self):
        assert len(errors(overlay({"a.b": {"value": 1}, "title": {"value": "x"}}))) == 2

    def test_extending_nothing_known(self):
        [(place, entry, message)] = errors(overlay(NINE, extends="calhhs-ddg-7"))
        assert (place, entry) == ("mine.yaml, line 4", "extends")
        assert "'calhhs-ddg-7'" in message

    def test_a_cycle(self):
        shelf = Shelf(
            {"one": overlay(NINE, name="one", extends="two"), "two": overlay(NINE, name="two", extends="one")}
        )
        [(_, entry, message)] = errors(overlay(NINE, extends="one"), shelf)
        assert entry == "extends"
        assert "one.yaml extends two.yaml extends one.yaml" in message

    def test_overrides_of_nothing(self):
        assert "say what it `extends:`" in errors("name: mine\noverrides: {}\n")[0][2]

    def test_the_name_of_a_shipped_rulebook(self):
        [(_, entry, message)] = errors(overlay(NINE, name="calhhs-ddg-2.0"))
        assert entry == "name"
        assert "another name" in message

    def test_a_file_that_is_called_otherwise(self):
        shelf = Shelf({"mine": overlay(NINE, name="yours").replace("'2024-03-01'", "2024-03-01")})
        with pytest.raises(InputErrors, match=r"mine\.yaml, line 1: name: found 'yours'; mine, as the file is called"):
            load_rulebook("mine", shelf)

    def test_aliases_and_repeated_keys(self):
        assert "an alias" in errors("name: &a mine\ntitle: *a\n")[0][2]
        assert "for the second time" in errors("name: mine\nname: yours\n")[0][2]


@st.composite
def cut_points(draw):
    return sorted(draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=6, unique=True)))


def _bands(cuts, shift=0, at=0):
    """Make contiguous bands that end at the cuts; the lower end of one is moved by `shift`."""
    lowers = [0, *(cut + 1 for cut in cuts)]
    uppers = [*cuts, None]
    bands = []
    for number, (lower, upper) in enumerate(zip(lowers, uppers, strict=True)):
        band = {"category": f"band {number}", "lower": lower + (shift if number == at else 0), "score": number}
        bands.append(band if upper is None else band | {"upper": upper})
    return bands


class TestBandsInGeneral:
    @settings(max_examples=25, deadline=None)
    @given(cut_points())
    def test_any_contiguous_bands_load(self, cuts):
        mine = load({"scoring.residence_geography.bands": {"value": _bands(cuts)}})
        assert [band.upper for band in mine.scoring.residence_geography.bands] == [*cuts, None]

    @settings(max_examples=25, deadline=None)
    @given(cut_points(), st.integers(-5, 5).filter(bool), st.data())
    def test_any_gap_or_overlap_is_refused(self, cuts, shift, data):
        at = data.draw(st.integers(1, len(cuts)))
        bands = _bands(cuts, shift, at)
        if bands[at]["lower"] < 0:
            return
        text = overlay({"scoring.residence_geography.bands": {"value": bands}})
        [(place, entry, message)] = errors(text.replace("'2024-03-01'", "2024-03-01"))
        lines = text.splitlines()
        assert entry.startswith("scoring.residence_geography.bands.")
        assert f"band {entry[-1]}" in lines[int(place.rpartition(" ")[2]) - 1]
        assert any(word in message for word in ("a gap at", "overlap at", "before it begins"))


class TestAllErrorsAtOnce:
    """Whatever is wrong, the rest is checked too."""

    TEXT = written("""
        thresholds.denominator: 3
        thresholds.numerator.uper: {value: 9, source: Policy 7, reason: so}
        title: {value: x, source: Policy 7, reason: so}
        masking.applies: {value: sometimes, source: Policy 7, reason: so}
        publication_score.cut_off: {vale: 11, source: Policy 7, reason: so}
        """)

    def test_each_names_its_line_and_entry(self):
        assert sorted((place, entry) for place, entry, _ in errors(self.TEXT)) == [
            ("mine.yaml, line 5", "overrides.thresholds.denominator"),
            ("mine.yaml, line 6", "overrides.thresholds.numerator.uper"),
            ("mine.yaml, line 7", "overrides.title"),
            ("mine.yaml, line 8", "masking.applies"),
            ("mine.yaml, line 9", "overrides.publication_score.cut_off.vale"),
            ("mine.yaml, line 9", "overrides.publication_score.cut_off.value"),
        ]

    def test_a_title_that_is_missing_hides_nothing(self):
        text = self.TEXT.replace("title: My rules\n", "")
        assert {"title", "masking.applies"} <= {entry for _, entry, _ in errors(text)}

    def test_none_speaks_python(self):
        for _, _, message in errors(self.TEXT):
            assert "nput should" not in message
            assert "valid" not in message
