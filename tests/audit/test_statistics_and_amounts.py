"""Figures tied to a hidden count: rates, percentages, means, events and amounts (DDG 2.0 §4.4.1 item 3)."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit

COUNT = {"kind": "count"}
VISITS = {"kind": "count", "unit": "events", "individuals": "patients"}
AMOUNTS = {"n": COUNT, "paid": {"kind": "amount", "individuals": "n"}}
RATE = {"kind": "rate", "denominator": "population", "per": 100_000, "decimals": 1}


@pytest.fixture
def counties(contract, rules):
    """Audit counties with a count, a rate and a population; hidden counts are empty."""

    def run(
        rates, *, rate, level="exact", counts=("", "", "480", "500"), populations=(20_000, 25_000, 900_000, 945_000)
    ):
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
    def test_a_rate_left_beside_a_hidden_count_gives_it_away(self, counties):
        # 25.0 per 100,000 of 20,000 people is 5; the other county is then what is missing to the total
        report = counties(["25.0", "", "53.9", "52.9"], rate=RATE, counts=("", "", "485", "500"))
        assert found(report) == {
            (FindingKind.BY_STATISTIC, "cases", "Alpine"): (5,),
            (FindingKind.EXACT, "cases", "Mono"): (10,),
        }

    def test_a_coarse_rate_leaves_a_range(self, counties):
        rate, counts = RATE | {"per": 1000, "decimals": 0}, ("", "", "485", "497")

        def report(alpine, level="ddg"):
            populations = (alpine, 25_000, 900_000, 925_000 + alpine)
            return counties(["0", "", "1", "1"], rate=rate, counts=counts, populations=populations, level=level)

        def narrowed(audited):
            return {key: values for key, values in found(audited).items() if key[1] == "cases"}

        assert not narrowed(report(20_000))  # "0" stands for anything up to 10 of 20,000
        assert narrowed(report(4_000)) == {
            (FindingKind.BY_STATISTIC, "cases", "Alpine"): (2,),  # at most 2, and 12 - 1 would be more than 10
            (FindingKind.EXACT, "cases", "Mono"): (10,),
        }
        assert narrowed(report(6_000, level="exact")) == {}

    def test_the_column_shows_how_exact_it_is_where_the_contract_does_not_say(self, counties):
        rate = {"kind": "rate", "denominator": "population", "per": 100_000}
        counts = ("", "", "485", "500")
        report = counties(["25", "", "53.8889", "52.9101"], rate=rate, counts=counts)
        assert found(report)[FindingKind.BY_STATISTIC, "cases", "Alpine"] == (5,)

    def test_hidden_rates_give_nothing_away(self, counties):
        assert counties(["", "", "53.9", "52.9"], rate=RATE, counts=("", "", "485", "500")).safe

    def test_a_rate_left_there_breaks_item_3_even_where_it_tells_little(self, counties):
        rate = RATE | {"per": 1, "decimals": 0}
        counts = ("", "", "485", "497")
        report = counties(["0", "", "0", "0"], rate=rate, counts=counts, level="ddg")
        assert list(found(report)) == [(FindingKind.STATISTIC_SHOWN, "rate", "Alpine")]
        assert counties(["0", "", "0", "0"], rate=rate, counts=counts, level="exact").safe

    def test_a_formula_that_does_not_hold_is_not_used_but_the_figure_is_reported(self, counties):
        report = counties(["25.0", "", "1.0", "1.0"], rate=RATE, counts=("", "", "485", "497"))
        assert list(found(report)) == [(FindingKind.STATISTIC_SHOWN, "rate", "Alpine")]
        assert len(report.mismatches) == 1

    @pytest.mark.parametrize(
        ("size", "references"),
        [
            (20_000, {}),
            ({"Alpine": 20_000, "Mono": 25_000, "Kern": 900_000, "California": 945_000}, {}),
            (
                {"table": "people", "key": "county", "value": "number"},
                {"people": pd.DataFrame({"county": ["Alpine", "Kern"], "number": [20_000, 900_000]})},
            ),
        ],
    )
    def test_a_size_may_be_declared_in_any_way(self, contract, rules, size, references):
        declared = contract(
            {"county": {"total": "California"}},
            {
                "cases": COUNT | {"population": size},
                "percent": {"kind": "percent", "numerator": "cases", "decimals": 4},
            },
        )
        frame = pd.DataFrame(
            {
                "county": ["Alpine", "Mono", "Kern", "California"],
                "cases": ["", "", "485", "497"],
                "percent": ["0.0250", "", "", ""],
            }
        )
        report = audit(PublishedTable(declared, frame, references), rules("exact"))
        assert found(report)[FindingKind.BY_STATISTIC, "cases", "Alpine"] == (5,)


class TestMeans:
    def test_a_mean_ties_two_hidden_counts_to_each_other(self, contract, rules):
        measures = {
            "patients": COUNT,
            "visits": VISITS,
            "mean": {"kind": "mean", "numerator": "visits", "denominator": "patients", "decimals": 2},
        }
        declared = contract({"group": {"total": "all"}}, measures)

        def left(visits):
            frame = pd.DataFrame(
                {
                    "group": ["a", "b", "c", "all"],
                    "patients": ["", "", "30", "45"],
                    "visits": ["", "", "60", visits],
                    "mean": ["2.33", "", "2.00", ""],
                }
            )
            return found_groups(audit(PublishedTable(declared, frame), rules("exact")))

        # 2.33 is 7/3, 14/6, 21/9 or 28/12, and b needs at least as many visits as there are patients left
        assert left("88") == {}  # 28 visits at both: 7, 14 or 21 of them at a
        assert left("80") == {("patients", "a"): (3,), ("visits", "a"): (7,)}  # of 20 visits only 7

    def test_a_mean_beside_a_shown_amount_gives_the_count_away(self, contract, rules):
        declared = contract(
            {"group": {"total": "all"}},
            {
                "patients": COUNT,
                "paid": {"kind": "amount", "individuals": "patients"},
                "mean_paid": {"kind": "mean", "numerator": "paid", "denominator": "patients", "decimals": 2},
            },
        )
        frame = pd.DataFrame(
            {
                "group": ["a", "b", "c", "all"],
                "patients": ["", "", "30", "45"],
                "paid": ["1234.50", "", "3000.00", "6000.00"],
                "mean_paid": ["246.90", "", "100.00", "133.33"],
            }
        )
        report = audit(PublishedTable(declared, frame), rules("exact"))
        assert found_groups(report) == {
            ("patients", "a"): (5,),
            ("patients", "b"): (10,),
            ("paid", "b"): None,
        }


def found_groups(report):
    return {(f.cell.measure, f.cell.coordinate["group"]): f.values for f in report.findings}


class TestEvents:
    @pytest.fixture
    def run(self, contract, rules):
        def run(patients, visits, level="exact"):
            frame = pd.DataFrame({"group": ["a", "b", "c", "all"], "patients": patients, "visits": visits})
            return audit(
                PublishedTable(contract({"group": {"total": "all"}}, {"patients": COUNT, "visits": VISITS}), frame),
                rules(level),
            )

        return run

    def test_nobody_has_less_than_one_visit(self, run):
        # two visits at b leave one or two patients there, one visit just one; the others are too many to be small
        assert found_groups(run(["", "", "30", "45"], ["", "2", "60", "84"])) == {}
        assert found_groups(run(["", "", "30", "45"], ["", "1", "60", "84"])) == {("patients", "b"): (1,)}

    def test_visits_left_beside_hidden_patients_break_item_3(self, run):
        kinds = {f.kind for f in run(["", "", "30", "45"], ["", "9", "60", "84"], level="ddg").findings}
        assert FindingKind.STATISTIC_SHOWN in kinds


class TestAmounts:
    @pytest.fixture
    def run(self, contract, rules):
        def run(counts, amounts, **more):
            frame = pd.DataFrame({"group": ["a", "b", "c", "all"], "n": counts, "paid": amounts})
            return audit(PublishedTable(contract({"group": {"total": "all"}}, AMOUNTS), frame, **more), rules())

        return run

    def test_an_amount_hidden_alone_is_the_difference_to_the_total(self, run):
        report = run(["", "", "30", "45"], ["", "20.10", "70.20", "100.00"])
        amounts = [f for f in report.findings if f.kind is FindingKind.AMOUNT]
        assert [(f.cell.coordinate["group"], f.lower, f.upper) for f in amounts] == [("a", 9.7, 9.7)]

    def test_two_hidden_amounts_are_not_determined(self, run):
        assert run(["", "", "30", "45"], ["", "", "70.20", "100.00"]).safe

    def test_amounts_may_be_negative_so_a_total_of_zero_tells_nothing(self, run):
        assert run(["", "", "30", "45"], ["", "", "0", "0"]).safe

    def test_a_margin_known_from_elsewhere_determines_too(self, contract, rules):
        frame = pd.DataFrame({"group": ["a", "b", "c"], "n": ["", "", "30"], "paid": ["", "20", "70"]})
        known = pd.DataFrame({"group": [None], "n": [45], "paid": [100]})
        report = audit(PublishedTable(contract({"group": {}}, AMOUNTS), frame, known=known), rules())
        assert [f.lower for f in report.findings if f.kind is FindingKind.AMOUNT] == [10]

    def test_the_amount_of_a_large_cell_is_not_asked_about(self, contract, rules):
        frame = pd.DataFrame(
            {
                "group": ["a", "b", "c", "all"],
                "n": ["", "", "30", "61"],
                "paid": ["20", "", "70", "100"],
                "n_annotation_code": ["1", "2", "", ""],
            }
        )
        report = audit(PublishedTable(contract({"group": {"total": "all"}}, AMOUNTS), frame), rules("exact"))
        assert report.safe
