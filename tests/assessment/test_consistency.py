"""Signs in a table that it is not what the contract says."""

import pytest

from ddg_pipeline.assessment import assess

AREA = {"variable": "residence_geography"}
SEX = {"variable": "sex"}


@pytest.fixture
def notes(bound, rulebook):
    def make(*arguments, **keys):
        return {note.field: note.text for note in assess(bound(*arguments, **keys), rulebook).notes}

    return make


class TestRowsLeftOut:
    def test_are_counted(self, notes):
        rows = [("Fresno", "Male", 50), ("Fresno", "Female", 60), ("Kern", "Male", 70)]
        assert notes({"county": (AREA, []), "sex": (SEX, [])}, rows=rows)["rows"].startswith("1 of 4 combinations")

    def test_nothing_is_said_of_a_whole_table(self, notes):
        rows = [("Fresno", "Male", 50), ("Fresno", "Female", 60)]
        assert "rows" not in notes({"county": (AREA, []), "sex": (SEX, [])}, rows=rows)


class TestRemainders:
    def test_of_a_total_are_noted(self, notes):
        rows = [("State", 1_503), ("Fresno", 500), ("Kern", 1_000)]
        found = notes({"county": (AREA | {"total": "State"}, [])}, rows=rows)
        assert any("In 1 place a total" in text for text in found.values())


class TestStatistics:
    MEASURES = {  # noqa: RUF012
        "cases": {"kind": "count", "population": "people"},
        "rate": {"kind": "rate", "numerator": "cases", "denominator": "people", "per": 1_000, "decimals": 1},
    }

    @pytest.mark.parametrize(("rate", "noted"), [(1.2, False), (12.0, True), (99.0, True)])
    def test_that_are_not_what_they_are_declared_as_are_noted(self, rulebook, rate, noted):
        import pandas as pd

        from ddg_pipeline.contract import bind
        from ddg_pipeline.contract.parse import parse_contract

        contract = {
            "release": "r", "title": "R", "scope": [{"variable": "time", "period": "year"}],
            "dimensions": {"county": AREA}, "measures": self.MEASURES,
        }  # fmt: skip
        rows = [("Fresno", 1_008_654, 1_210, rate), ("Kern", 909_235, 909, 1.0)]
        frame = pd.DataFrame(rows, columns=["county", "people", "cases", "rate"])
        found = assess(bind(parse_contract(contract, "c"), frame, {}, "t"), rulebook)
        texts = [note.text for note in found.notes if note.field == "measures.rate"]
        assert bool(texts) is noted
        assert all("in 1 of 2 rows, first at county=Fresno" in text for text in texts)
