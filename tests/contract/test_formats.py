"""Contracts of format 1 stay readable: as people write them, and as they are kept beside what is public."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.contract.json_schema import contract_json_schema
from ddg_pipeline.contract.kept import contract_of_kept, kept_contract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.format_version import CONTRACT_FORMAT, NewerFormatError
from ddg_pipeline.rulebook.load import parse_rulebook

FROZEN = Path(__file__).parent / "frozen"  # never to be changed: what was written once has to be read for ever
WRITTEN = (FROZEN / "contract-format-1.yaml").read_text(encoding="utf-8")
KEPT = (FROZEN / "kept-format-1.json").read_bytes()
OVERLAY = """\
name: mine
title: Mine
extends: calhhs-ddg-2.0
overrides:
  thresholds.denominator: {value: 25000, source: a, reason: b}
"""


class TestFormat1:
    def test_is_read_as_it_was_written(self):
        assert contract_from_yaml(WRITTEN, "contract.yaml").release == "pertussis_cases_by_county"

    def test_is_read_as_it_was_kept(self):
        assert contract_of_kept(KEPT, "kept") == contract_from_yaml(WRITTEN, "contract.yaml")

    def test_may_say_so(self):
        assert contract_from_yaml(f"format: 1\n{WRITTEN}", "a") == contract_from_yaml(WRITTEN, "a")

    def test_is_what_is_kept_today_read_back(self):
        contract = contract_from_yaml(WRITTEN, "contract.yaml")
        data = kept_contract(contract)
        assert json.loads(data)["format"] == CONTRACT_FORMAT
        assert contract_of_kept(data, "kept") == contract

    def test_is_in_the_schema(self):
        assert contract_json_schema()["properties"]["format"]["const"] == CONTRACT_FORMAT


class TestOtherFormats:
    @pytest.mark.parametrize("read", [
        lambda number: contract_from_yaml(f"format: {number}\n{WRITTEN}", "mine.yaml"),
        lambda number: parse_rulebook(f"format: {number}\n{OVERLAY}", "mine.yaml"),
    ])  # fmt: skip
    def test_newer_ones_are_refused_with_what_to_do(self, read):
        with pytest.raises(NewerFormatError, match=r"mine\.yaml: format: found 2.* upgrade ddg_pipeline"):
            read(2)

    @pytest.mark.parametrize("number", ["0", "-1", "true", "one", "1.0", "[1]", ""])
    def test_what_is_no_format_is_refused(self, number):
        with pytest.raises(InputErrors, match="format: found no number of a format; write `format: 1`"):
            contract_from_yaml(f"format: {number}\n{WRITTEN}", "mine.yaml")

    def test_a_rulebook_may_say_its_format(self):
        assert parse_rulebook(f"format: 1\n{OVERLAY}", "a").name == parse_rulebook(OVERLAY, "a").name == "mine"
