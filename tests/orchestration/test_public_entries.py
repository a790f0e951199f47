"""Releases that are public and not in the project any more: which of them a release has to speak of."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.orchestration import public_entries

CONTRACT = {
    "release": "cases",
    "title": "Cases",
    "dimensions": {"county": {"variable": "residence_geography"}},
    "measures": {"people": {"kind": "count"}},
}


@pytest.fixture
def look(monkeypatch):
    def look(kept, *, imported=0, **said):
        """Look at a release beside `former`, of which these sources were kept."""
        entry = SimpleNamespace(release="former", version=1 - imported, imported=imported)
        ledger = SimpleNamespace(releases=lambda: ["former"], versions=lambda _name: [entry])
        monkeypatch.setattr(public_entries, "kept_sources", lambda *_given: kept)
        monkeypatch.setattr(public_entries, "_series", lambda *_given: None)
        contract = parse_contract(CONTRACT | said, "cases")
        made_of = {"cases": ["source.reports"]}
        public_entries.refuse_forgotten(SimpleNamespace(ledger=ledger), contract, {"cases": contract}, made_of)

    return look


class TestAReleaseThatIsNotInTheProject:
    def test_of_other_sources_has_nothing_to_do_with_it(self, look):
        look(["source.deaths"])

    @pytest.mark.parametrize("kept", [["source.reports", "source.deaths"], None])
    def test_of_the_same_source_or_of_nobody_knows_what_has_to_be_spoken_of(self, look, kept):
        with pytest.raises(
            RefusedError, match=r"former is public, is not in the project.*`already_released: \[former\]`"
        ):
            look(kept)

    def test_that_was_imported_may_be_of_anybody(self, look):
        with pytest.raises(RefusedError, match="may be of the same people"):
            look(["source.deaths"], imported=1)

    @pytest.mark.parametrize("said", [{"already_released": ["former"]}, {"unrelated": {"former": "of other years"}}])
    def test_that_the_contract_speaks_of_is_let_be(self, look, said):
        look(None, **said)
