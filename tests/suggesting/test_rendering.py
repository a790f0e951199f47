"""A draft as YAML: it reads back as the contract it is, by our own strict reader and as a dbt project would."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import contract_from_yaml, contracts_from_manifest
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.drafting import draft_contract
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.suggesting import render_contract, render_model

RULEBOOK = load_rulebook("calhhs-ddg-2.0")
ODD = [
    "no",
    "Yes",
    "2024-01-01",
    "1:30",
    "0x1f",
    "null",
    "a: b",
    "# hash",
    "- dash",
    "0-17",
    "é",
    "'quoted'",
    "65+",
    "[x]",
]


def drafted(labels: list[str]):
    ages = ["0-4", "5-17", "0-17", "18+", *["All ages"] * len(labels)][: len(labels)]
    frame = pd.DataFrame({"kind of": labels, "age": ages, "population": "50000", "cases": "20"})
    return draft_contract(frame, "odd", "Odd: a title, # and all", RULEBOOK, place="odd.csv")


def manifest(text: str) -> dict:
    (model,) = yaml.safe_load(text)["models"]
    columns = {column["name"]: column for column in model["columns"]}
    node = {"resource_type": "model", "unique_id": "model.p.odd", "name": "odd", "schema": "s",
            "original_file_path": "odd.yml", "config": model["config"], "columns": columns}  # fmt: skip
    return {"nodes": {"model.p.odd": node}}


class TestReadBack:
    @settings(max_examples=12, deadline=None)
    @given(labels=st.lists(st.sampled_from(ODD), min_size=2, max_size=8, unique=True))
    def test_a_contract_is_what_was_drafted(self, labels):
        draft = drafted(labels)
        assert contract_from_yaml(render_contract(draft, "odd.csv"), "odd.yaml") == parse_contract(draft.contract, "x")

    @settings(max_examples=12, deadline=None)
    @given(labels=st.lists(st.sampled_from(ODD), min_size=2, max_size=8, unique=True))
    def test_a_dbt_model_carries_the_same_contract(self, labels):
        draft = drafted(labels)
        (release,) = contracts_from_manifest(manifest(render_model(draft, "odd.csv", "odd")))
        assert release.contract == parse_contract(draft.contract, "x")

    def test_every_question_stands_in_it(self):
        draft = drafted(ODD[:5])
        text = " ".join(line.strip(" #") for line in render_contract(draft, "odd.csv").splitlines())
        assert draft.questions
        for question in draft.questions:
            assert f"ASK: {question.partition(': ')[2]}" in text

    @pytest.mark.parametrize("render", [render_contract, lambda draft, origin: render_model(draft, origin, "odd")])
    def test_no_line_is_longer_than_people_read(self, render):
        assert max(map(len, render(drafted(ODD), "odd.csv").splitlines())) <= 120
