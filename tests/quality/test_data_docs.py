"""Data Docs: all that reviewers need, nothing from elsewhere, and no figure."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from ddg_pipeline.quality import validate
from ddg_pipeline.quality.data_docs import GateCheck, data_docs_html

SENTINEL = "8675309"
JUDGED_AT = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)


class Page(HTMLParser):
    """The text of a page, and whatever it asks a browser to fetch."""

    def __init__(self, html):
        super().__init__()
        self.text, self.fetched, self.opened = "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.fetched += [value for name, value in attributes if name in ("src", "srcset", "action", "data")]
        self.fetched += [value for name, value in attributes if name == "href" and not value.startswith("#")]
        self.fetched += [tag] if tag in ("script", "link", "iframe", "img") else []
        if tag not in ("meta", "br", "col"):
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        self.text += f" {data}"


@pytest.fixture
def page(contract, rulebook, suite, parameters, staged):
    def write(table, checks=None, previous=None):
        gate = validate(staged(table), suite, parameters, previous=previous)
        checks = checks or [GateCheck("great_expectations", "Every expectation holds.", gate.passed, ["evaluated"])]
        return data_docs_html(contract, rulebook, "visits.csv", checks, suite, gate, JUDGED_AT)

    return write


class TestThePage:
    def test_asks_for_nothing_from_elsewhere(self, page, table):
        html = page(table)
        found = Page(html)
        assert found.fetched == []
        assert found.opened == []
        assert not re.search(r"https?://|url\(|@import", html)
        assert "default-src 'none'" in html

    def test_shows_every_expectation_by_column(self, page, table, suite):
        found = Page(page(table)).text
        assert "The gate let it through." in found
        assert found.count("✓ holds") == len(suite["expectations"]) + 1
        assert {entry["type"] for entry in suite["expectations"]} <= set(found.split())

    def test_of_a_good_table_shows_no_figure(self, page, table):
        found = Page(page(table.replace({"1285": SENTINEL, "95": SENTINEL})))
        assert SENTINEL not in found.text

    def test_of_a_broken_one_says_where_and_not_by_what(self, page, table):
        row = table.index[(table["county_fips"] == "003") & (table["year"] == "2021")][0]
        table.loc[row, ["cases", "paid"]] = ["7", SENTINEL]
        html = page(table)
        found = Page(html).text
        assert "The gate is shut." in found
        assert "What is broken" in found
        assert "county_fips=003, year=2021" in found
        assert SENTINEL not in html

    def test_of_a_good_table_beside_a_bad_one_says_that_it_was_not_released(self, contract, rulebook):
        checks = [GateCheck("great_expectations", "Every expectation holds.", True, [])]
        page = data_docs_html(contract, rulebook, "visits.csv", checks, None, None, JUDGED_AT, ["by_age"])
        found = " ".join(Page(page).text.split())
        assert "The gate is shut. All 1 checks of this release hold, but not those of by_age" in found
        assert "let it through" not in found

    def test_escapes_labels(self, page, table, contract):
        assert "<script>" not in page(table.replace({"county_fips": {"003": "<script>"}}))

    def test_says_what_was_compared_with(self, page, table, staged, tmp_path):
        assert "no release before this one" in Page(page(table)).text
        before = tmp_path / "before.csv"
        before.write_bytes(staged(table).read_bytes())
        found = Page(page(table, previous=before)).text
        assert "the release before, SHA-256" in found
        assert str(tmp_path) not in found

    def test_marks_what_was_written_by_hand(self, page, table, suite):
        extra = {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "year", "value_set": ["2021", "2022"]},
        }
        suite["expectations"].append(extra | {"meta": {"origin": "hand"}})
        found = Page(page(table)).text
        assert "by hand" in found
        assert "1 of them was written by hand" in " ".join(found.split())

    def test_can_be_written_without_a_suite(self, contract, rulebook):
        checks = [GateCheck("suite_matches_contract", "The suite is the contract's.", False, ["no such file"])]
        found = Page(data_docs_html(contract, rulebook, "visits.csv", checks, None, None, JUDGED_AT)).text
        assert "no such file" in found
        assert "The gate is shut." in found

    def test_can_be_written_of_a_file_that_cannot_be_read(self, page):
        found = Page(page(b"\xff")).text
        assert "The file is CSV in the published dialect." in found
