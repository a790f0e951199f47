"""`review` in ddg.yaml: who has to approve, where it is kept, whose signatures are believed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ddg_pipeline.errors import InputError
from ddg_pipeline.review.settings import APPROVALS, DEFAULT_ROLES, ReviewSettings, review_of


def resolved(tmp_path, **given):
    return review_of(ReviewSettings.model_validate(given), tmp_path, "ddg.yaml")


class TestRoles:
    def test_left_out_there_are_five(self, tmp_path):
        assert resolved(tmp_path).roles == DEFAULT_ROLES
        assert len(DEFAULT_ROLES) == 5

    def test_nobody_has_to_be_written_down(self, tmp_path):
        assert resolved(tmp_path, roles=[]).roles == ()

    def test_those_of_a_contract_come_on_top_and_never_in_place(self, tmp_path):
        review = resolved(tmp_path, roles=["data_steward"])
        assert review.roles_of(["liaison", "data_steward"]) == ("data_steward", "liaison")
        assert review.roles_of([]) == ("data_steward",)

    @pytest.mark.parametrize(
        "given",
        [
            {"roles": ["a", "a"]}, {"roles": ["Data Steward"]}, {"roles": None}, {"roles": "data_steward"},
            {"people": {"a": []}}, {"standing": "yes"}, {"separate": 1}, {"key": "a"}, {"rolls": []}, {"log": ""},
        ],
    )  # fmt: skip
    def test_mistakes_are_errors(self, given):
        with pytest.raises(ValidationError):
            ReviewSettings.model_validate(given)


class TestPlaces:
    def test_they_are_relative_to_the_file_and_may_hold_variables(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DDG_TEST_PLACE", "kept")
        review = resolved(
            tmp_path, log="$DDG_TEST_PLACE/log.jsonl", allowed_signers="approvers", key="${DDG_TEST_PLACE}/k"
        )
        assert review.log == tmp_path / "kept" / "log.jsonl"
        assert review.signing is not None
        assert (review.signing.allowed_signers, review.signing.key) == (tmp_path / "approvers", tmp_path / "kept" / "k")
        assert review.signing.purpose == APPROVALS

    @pytest.mark.parametrize("name", ["allowed_signers", "log"])
    def test_an_empty_variable_never_turns_signatures_off(self, tmp_path, monkeypatch, name):
        monkeypatch.setenv("DDG_TEST_PLACE", "")
        with pytest.raises(InputError, match=rf"review\.{name}: found .* which is empty; set the environment variable"):
            resolved(tmp_path, **{name: "$DDG_TEST_PLACE"})

    def test_a_server_without_anybody_s_key_still_checks(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DDG_TEST_PLACE", "")
        signing = resolved(tmp_path, allowed_signers="approvers", key="$DDG_TEST_PLACE").signing
        assert signing is not None
        assert signing.key == tmp_path / "$DDG_TEST_PLACE"
