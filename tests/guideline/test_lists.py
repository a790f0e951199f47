"""The guideline's lists, complete: high-risk populations, direct identifiers, annotation codes, sign-offs."""

import pytest
from guideline import lists, tables
from guideline.product import assess_shown, assess_table, column, rulebook
from guideline.scorer import Shown

from ddg_pipeline.errors import DdgError, InputErrors, RefusedError

YEAR = Shown("year", "time", period="year")
SEX = Shown("sex", "sex", labels=("Male", "Female"))


class TestHighRisk:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_every_entry_and_no_other(self, edition):
        assert set(rulebook(edition).high_risk) == lists.HIGH_RISK

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("population", sorted(lists.HIGH_RISK))
    def test_each_forces_suppression(self, edition, population):
        scope = [{"variable": "residence_geography", "population": 39_500_000}]
        found = assess_shown(edition, [YEAR], counts=(10, 5_000), scope=scope, high_risk=[population])
        assert found.score.total <= 12
        assert (found.decision, found.forced_by) == ("mask", (population,))

    def test_another_word_is_an_error(self):
        with pytest.raises(InputErrors):
            assess_shown("2.0", [YEAR], high_risk=["left-handedness"])


class TestDirectIdentifiers:
    @pytest.mark.parametrize(
        ("kind", "name"), [(kind, name) for kind, names in lists.DIRECT_IDENTIFIERS.items() for name in names]
    )
    def test_a_column_of_that_name_is_refused(self, kind, name):
        labels = ["Apple", "Pear"]
        with pytest.raises(RefusedError):
            assess_table("2.0", {name: ({"variable": "other"}, labels), "sex": column(SEX)})

    @pytest.mark.parametrize("kind", lists.IDENTIFYING_LABELS)
    def test_its_content_is_refused_whatever_the_column_is_called(self, kind):
        note = ({"variable": "other"}, list(lists.IDENTIFYING_LABELS[kind]))
        with pytest.raises(RefusedError):
            assess_table("2.0", {"note": note, "sex": column(SEX)})

    @pytest.mark.parametrize("labels", [["0-89", "91", "92"], ["0-84", "85-89", "90-94", "95+"]])
    def test_ages_over_89_told_apart_are_refused(self, labels):
        with pytest.raises(RefusedError):
            assess_table("2.0", {"age": ({"variable": "age"}, labels)})

    @pytest.mark.parametrize("labels", [["0-89", "90+"], ["0-64", "65+"], ["0-84", "85 years and over"]])
    def test_an_open_band_is_not(self, labels):
        assert assess_table("2.0", {"age": ({"variable": "age"}, labels)}).score.total

    @pytest.mark.parametrize("name", ["disease", "county", "facility_type", "month", "payer", "diagnosis_group"])
    def test_ordinary_columns_are_not(self, name):
        assert assess_table("2.0", {name: ({"variable": "other"}, ["Apple", "Pear"])}).score.total

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_both_editions_refuse(self, edition):
        with pytest.raises(DdgError):
            assess_table(edition, {"ssn": ({"variable": "other"}, ["Apple", "Pear"])})


class TestAnnotations:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_codes(self, edition):
        annotations = rulebook(edition).annotations
        for name, codes in lists.ANNOTATION_CODES.items():
            assert getattr(annotations, name).code in codes
        assert annotations.hidden.code in {"1", "2"}

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_symbols_for_people(self, edition):
        symbols = rulebook(edition).symbols
        assert {key: set(getattr(symbols, key)) for key in lists.SYMBOLS} == lists.SYMBOLS

    def test_footnote(self):
        text = rulebook("2.0").footnotes["suppression"].text
        assert "under 11" in text
        assert "not shown" in text
        assert "Edition 2.0" in text


class TestSignOffs:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_four_in_order(self, edition):
        roles = [f"{slug} {role.description}".lower() for slug, role in rulebook(edition).sign_offs.roles.items()]
        assert len(roles) == len(lists.SIGN_OFFS)
        for role, words in zip(roles, lists.SIGN_OFFS, strict=True):
            assert any(word in role for word in words)
