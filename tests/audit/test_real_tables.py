"""Real public tables: what is known to be in them must be found."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.audit import AuditRules, FindingKind, PublishedTable, audit, broken_margins, implied_margins

STATE, AGE, RACE = "State", "Age group", "Race and Hispanic Origin Group"
NOTHING = pd.DataFrame()


class TestNchs:
    """COVID-19 deaths by state, age and race: 1 to 9 hidden, totals shown, nothing hidden besides."""

    @pytest.fixture
    def frame(self, shared_data):
        return pd.read_csv(
            shared_data / "nchs_covid_deaths_race_age_state_2020-05.csv",
            dtype=str,
            keep_default_na=False,
            encoding="latin-1",
        )

    @pytest.fixture
    def run(self, frame, contract):
        def run(measure):
            states = [state for state in frame[STATE].unique() if state not in ("United States", "Puerto Rico")]
            declared = contract(
                {
                    STATE: {"total": "United States", "hierarchy": {"tree": {"United States": states}}},
                    AGE: {"total": "All Ages"},
                    RACE: {"total": "Total Deaths"},
                },
                {measure: {"kind": "count"}},
            )
            rules = AuditRules(1, 9, 2, False, 2, 10, 3, True, "1", "2", "3")
            return audit(PublishedTable(declared, frame, known=NOTHING), rules)

        return run

    def single_blanks(self, frame, measure):
        """Find the sums over states of which exactly one part is blank: by subtraction alone, without the audit."""
        found = {}
        for (age, race), rows in frame[frame[STATE] != "Puerto Rico"].groupby([AGE, RACE]):
            counts = pd.to_numeric(rows.set_index(STATE)[measure].str.replace(",", ""), errors="coerce")
            total, parts = counts.get("United States"), counts.drop("United States")
            if len(parts) and parts.isna().sum() == 1:
                found[parts.index[parts.isna()][0], age, race] = int(total - parts.sum())
        return found

    def test_every_sum_with_one_blank_is_found(self, frame, run):
        single_causes = [column for column in frame.columns if "Deaths" in column and "or COVID-19" not in column]
        blanks = {measure: self.single_blanks(frame, measure) for measure in single_causes}
        assert sum(len(found) for found in blanks.values()) == 37
        for measure in ("Pneumonia Deaths", "COVID-19 Deaths", "Total Deaths"):
            report = run(measure)
            exact = {
                tuple(f.cell.coordinate.values()): f.values for f in report.findings if f.kind is FindingKind.EXACT
            }
            assert not report.undecided
            assert blanks[measure].items() <= {cell: values[0] for cell, values in exact.items()}.items()

    def test_california_one_to_four_years_asian_is_two(self, run):
        report = run("Pneumonia Deaths")
        cells = [dict(f.cell.coordinate) for f in report.findings if f.values == (2,) and f.kind is FindingKind.EXACT]
        assert {STATE: "California", AGE: "1-4 years", RACE: "Non-Hispanic Asian"} in cells


class TestCdph:
    """Cases by disease, county and year: published unmasked, 2,438 small cells, one margin that does not add up."""

    @pytest.fixture
    def unmasked(self, shared_data, contract):
        frame = pd.read_csv(shared_data / "cdph_vaccine_preventable_cases_county_year_2001_2022.csv", dtype=str)
        declared = contract(
            {"Disease": {"additive": False}, "County": {"total": "California"}, "Year": {"additive": False}},
            {"Count": {"kind": "count"}},
        )
        return PublishedTable(declared, frame)

    def test_unmasked_every_small_cell_is_shown(self, unmasked, rules):
        report = audit(unmasked, rules())
        assert sum(f.kind is FindingKind.SHOWN for f in report.findings) == 2438
        assert len(report.mismatches) == 1
        assert len(broken_margins(unmasked, rules())) == 1
        assert implied_margins(unmasked, rules()).empty

    def test_with_only_the_small_cells_hidden_the_totals_tell_more_than_fewer_than_eleven(self, unmasked, rules):
        counts = unmasked.frame["Count"].astype(int)
        published = unmasked.frame.assign(Count=unmasked.frame["Count"].where(~counts.between(1, 10), ""))
        gaps = broken_margins(unmasked, rules())
        table = PublishedTable(unmasked.contract, published, residuals=gaps, unexplained="small")
        report = audit(table, rules("full"))
        assert not report.undecided
        keys = ["Disease", "County", "Year"]
        truth = dict(zip(unmasked.frame[keys].itertuples(index=False, name=None), counts, strict=True))
        narrowed = [f for f in report.findings if f.kind in (FindingKind.EXACT, FindingKind.NARROWED)]
        assert len(narrowed) > 100
        assert all(f.lower <= truth[tuple(f.cell.coordinate.values())] <= f.upper for f in narrowed)
