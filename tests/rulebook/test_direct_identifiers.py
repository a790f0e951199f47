"""How a rulebook says what identifies a person."""

import pytest
from pydantic import ValidationError

from ddg_pipeline.rulebook.direct_identifiers import DirectIdentifier, Pattern


def identifier(**keys):
    return DirectIdentifier.model_validate({"section": "§3", "description": "Names"} | keys)


def pattern(**keys):
    return Pattern.model_validate({"looks_like": "a name", "regex": "x"} | keys)


class TestMistakesInAPattern:
    def test_no_regular_expression(self):
        with pytest.raises(ValidationError, match="no regular expression"):
            pattern(regex="(")

    def test_no_regular_expression_for_what_is_harmless(self):
        with pytest.raises(ValidationError, match="no regular expression"):
            identifier(unless="[")

    @pytest.mark.parametrize(
        ("keys", "group"),
        [
            ({"check": "calendar_date"}, "d, y"),
            ({"check": "vin"}, "vin"),
            ({"between": {"lat": [32, 42]}}, "lat"),
            ({"one_of": {"given": "given_names"}}, "given"),
        ],
    )
    def test_a_group_that_its_test_needs_is_not_there(self, keys, group):
        with pytest.raises(ValidationError, match=f"no group named {group}"):
            pattern(**keys)

    def test_a_test_that_does_not_exist(self):
        with pytest.raises(ValidationError, match="calendar_date"):
            pattern(check="guess")

    def test_a_list_that_is_not_there(self):
        likeness = {"looks_like": "a name", "regex": "(?P<given>x)", "one_of": {"given": "given_names"}}
        with pytest.raises(ValidationError, match="no list named given_names"):
            identifier(patterns=[likeness])
        assert identifier(patterns=[likeness], lists={"given_names": ["Jane"]}).listed == {"given_names": {"jane"}}

    def test_a_share_above_all(self):
        with pytest.raises(ValidationError, match="least_share"):
            pattern(least_share=1.5)
