"""What a CKAN portal says, read rightly: how long to wait, and which figures are equal."""

import datetime as dt
import email.utils

import pytest

from ddg_pipeline.publishing.ckan.client import _seconds
from ddg_pipeline.publishing.ckan.layout import resource_id, staging_name
from ddg_pipeline.publishing.ckan.rows import _shortest


class TestRetryAfter:
    def test_is_seconds_or_a_date(self):
        assert _seconds("120") == 120.0
        then = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        assert 3500 < _seconds(email.utils.format_datetime(then, usegmt=True)) <= 3600

    def test_that_is_past_means_now(self):
        assert _seconds("Tue, 02 Nov 2021 12:00:00 GMT") == 0.0

    @pytest.mark.parametrize("text", [None, "soon", "-3", ""])
    def test_that_says_nothing_leaves_the_growing_pause(self, text):
        assert _seconds(text) is None


class TestFigures:
    @pytest.mark.parametrize(
        ("one", "other"), [("1.0", "1"), ("0.0", "0"), ("35.10", "35.1"), ("1000", "1E+3"), ("-0", "0"), ("", "")]
    )
    def test_are_equal_as_numbers(self, one, other):
        assert _shortest([one], ["numeric"]) == _shortest([other], ["numeric"])

    @pytest.mark.parametrize(("one", "other"), [("", "0"), ("1", "10"), ("0.1", "0.10000000000000001"), ("NaN", "")])
    def test_that_differ_are_told_apart(self, one, other):
        assert _shortest([one], ["numeric"]) != _shortest([other], ["numeric"])

    def test_of_categories_are_text(self):
        assert _shortest(["001"], ["text"]) != _shortest(["1"], ["text"])


class TestNames:
    def test_of_resources_are_the_same_for_ever(self):
        assert resource_id("visits", "visits_by_county", "visits.csv") == "091c454c-f464-537e-a85b-dac688dfb3aa"

    def test_of_staging_datasets_fit_into_ckan(self):
        assert staging_name("visits") == "visits-staging"
        long = "visits-" * 14 + "a"
        assert len(staging_name(long)) <= 100
        assert staging_name(long) != staging_name(long[:-1] + "b")
