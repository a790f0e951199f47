"""Steps 1 to 4 for a group of linked tables: what one table needs, all of them get."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from ddg_pipeline.audit import AuditRules, FindingKind, PublishedTable, audit, decide, exchanges
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.masking import proof_bytes
from ddg_pipeline.preparation import assess_group, attack, prepare, rulebook_of, strongest_level
from ddg_pipeline.quality import csv_bytes, read_csv_text
from ddg_pipeline.rulebook import load_rulebook

PEOPLE = {"Alpha": 1200, "Beta": 3100, "Gamma": 42_000, "Delta": 91_000, "Epsilon": 250_000, "Zeta": 810_000}
BY_SEX = {  # 72 people in Gamma, and so on: the same people as below
    "Alpha": (4, 5), "Beta": (7, 16), "Gamma": (9, 63), "Delta": (61, 55), "Epsilon": (92, 101), "Zeta": (310, 299),
}  # fmt: skip


def by_county_and_sex(references=None, **contract):
    declared = {
        "release": "by_sex",
        "title": "Cases by county and sex",
        "scope": [{"variable": "time", "period": "year"}],
        "dimensions": {
            "county": {"variable": "residence_geography", "population": PEOPLE, "total": "State"},
            "sex": {"variable": "sex", "total": "All"},
        },
        "measures": {"cases": {"kind": "count"}},
    }
    rows = [(county, sex, n) for county, cells in BY_SEX.items() for sex, n in zip(("F", "M"), cells, strict=True)]
    table = pd.DataFrame(rows, columns=["county", "sex", "cases"])
    table = with_totals(with_totals(table, "county", "State"), "sex", "All")
    return bind(parse_contract(declared | contract, "by_sex"), table, references)


def by_county(**contract):
    declared = {
        "release": "by_county",
        "title": "Cases by county",
        "scope": [{"variable": "time", "period": "5 years"}],  # so that by itself it could be released
        "dimensions": {
            "county": {"variable": "residence_geography", "population": PEOPLE, "total": "State"},
        },
        "measures": {"cases": {"kind": "count"}},
    }
    table = pd.DataFrame([(county, sum(cells)) for county, cells in BY_SEX.items()], columns=["county", "cases"])
    return bind(parse_contract(declared | contract, "by_county"), with_totals(table, "county", "State"))


def with_totals(table, dimension, label):
    others = [name for name in table.columns if name not in (dimension, "cases")]
    groups = (
        table.groupby(others, sort=False).cases.sum().reset_index() if others else table[["cases"]].sum().to_frame().T
    )
    return pd.concat([table, groups.assign(**{dimension: label})], ignore_index=True)[table.columns]


@pytest.fixture(scope="module")
def rulebook():
    return load_rulebook("calhhs-ddg-2.0")


def read_back(prepared):
    name = prepared.bound.contract.release
    return read_csv_text(csv_bytes(prepared.masked.frame, name), name)


class TestAssessment:
    def test_each_table_is_scored_by_itself(self, rulebook):
        sex, county = assess_group([by_county_and_sex(), by_county()], rulebook)
        assert (sex.release, county.release) == ("by_sex", "by_county")
        assert sex.score.total > rulebook.cut_off >= county.score.total

    def test_a_table_that_could_go_out_by_itself_is_masked_with_the_one_it_shares_records_with(self, rulebook):
        assert assess_group([by_county()], rulebook)[0].decision == "release"
        county = assess_group([by_county_and_sex(), by_county()], rulebook)[1]
        assert county.decision == "mask"
        step = next(step for step in county.steps if step.step == 4)
        assert step.result == "mask"
        assert "by_sex" in step.summary
        assert [note.text for note in county.notes if note.field == "links"] == [
            "masked together with by_sex, which is drawn from the same records"
        ]

    def test_it_does_not_depend_on_the_order(self, rulebook):
        one = assess_group([by_county_and_sex(), by_county()], rulebook)
        other = assess_group([by_county(), by_county_and_sex()], rulebook)
        assert one == other[::-1]

    def test_a_group_without_risk_is_released_as_it_is(self, rulebook):
        tables = [by_county(), by_county(release="again")]
        assert {one.decision for one in assess_group(tables, rulebook)} == {"release"}


class TestPreparing:
    def test_every_small_cell_is_hidden_in_both_tables(self, rulebook):
        prepared = prepare([by_county_and_sex(), by_county()], rulebook)
        for one in prepared:
            counts = one.bound.frame.cases
            small = counts.between(1, 10).to_numpy()
            assert small.any()
            assert (one.masked.frame.cases[small] == "").all()
            assert one.masked.counts["cases"].small == small.sum()

    def test_a_table_that_may_go_out_shows_everything(self, rulebook):
        (only,) = prepare([by_county()], rulebook)
        assert not only.masked.masked
        assert list(only.masked.frame.cases) == [str(count) for count in only.bound.frame.cases]
        assert set(only.masked.frame.cases_annotation_code) == {""}

    def test_direct_identifiers_are_refused(self, rulebook):
        table = by_county_and_sex().original.rename(columns={"county": "ssn"})
        declared = {
            "release": "with_ssn",
            "title": "No",
            "dimensions": {"ssn": {"variable": "other", "groups": 7}, "sex": {"variable": "sex"}},
            "measures": {"cases": {"kind": "count"}},
        }
        with pytest.raises(RefusedError, match="ssn"):
            prepare([bind(parse_contract(declared, "with_ssn"), table)], rulebook)

    def test_the_same_input_gives_the_same_bytes(self, rulebook):
        first, second = (prepare([by_county_and_sex(), by_county()], rulebook) for _ in range(2))
        assert [csv_bytes(one.masked.frame, "t") for one in first] == [
            csv_bytes(one.masked.frame, "t") for one in second
        ]


class TestAttack:
    def test_it_finds_nothing_in_what_was_prepared(self, rulebook):
        prepared = prepare([by_county_and_sex(), by_county()], rulebook)
        report = attack([one.bound for one in prepared], [read_back(one) for one in prepared], rulebook, True)
        assert report.safe, report.findings
        assert report.examined > 0

    def test_it_finds_a_cell_that_someone_brought_back(self, rulebook):
        (one,) = prepare([by_county_and_sex()], rulebook)
        frame = read_back(one)
        row = int(one.bound.frame.cases.between(1, 10).to_numpy().nonzero()[0][0])
        frame.loc[row, "cases"] = str(one.bound.frame.cases.iloc[row])
        assert not attack([one.bound], [frame], rulebook, True).safe

    def test_it_knows_margins_that_the_table_does_not_carry(self, rulebook):
        """Two hidden cells in a column without a total are found by whoever knows the total."""
        declared = {
            "release": "no_total",
            "title": "Cases by county and sex",
            "dimensions": {
                "county": {"variable": "residence_geography", "population": PEOPLE},
                "sex": {"variable": "sex"},
            },
            "measures": {"cases": {"kind": "count"}},
        }
        rows = [(c, s, 40) for c in PEOPLE for s in ("F", "M")]
        table = pd.DataFrame(rows, columns=["county", "sex", "cases"])
        table.loc[0, "cases"] = 4
        bound = bind(parse_contract(declared, "no_total"), table)
        frame = table.astype("str").assign(cases_annotation_code="")
        frame.loc[0, ["cases", "cases_annotation_code"]] = [None, "1"]
        assert not attack([bound], [frame], rulebook, True).safe

    def test_what_one_table_hides_and_a_linked_one_shows_is_found(self, rulebook):
        prepared = prepare([by_county_and_sex(), by_county()], rulebook)
        frames = [read_back(one) for one in prepared]
        assert frames[1].cases.isna().any()
        frames[1]["cases"] = prepared[1].bound.frame.cases.astype("str")
        assert not attack([one.bound for one in prepared], frames, rulebook, True).safe


class TestGroups:
    def test_the_strongest_level_of_a_group_holds_for_all(self, rulebook):
        levels = [by_county(suppression={"level": level}, release=f"at_{level}") for level in ("ddg", "exact", "full")]
        assert strongest_level(levels, rulebook) == "full"
        assert strongest_level(levels[:2], rulebook) == "ddg"
        assert strongest_level(levels[1:2], rulebook) == "exact"

    def test_linked_tables_need_the_same_rulebook(self):
        one = by_county()
        other = dataclasses.replace(one, contract=one.contract.model_copy(update={"rulebook": "another"}))
        assert rulebook_of([one]).name == "calhhs-ddg-2.0"
        with pytest.raises(InputErrors, match=r"rulebook.*the same rulebook for releases that are linked"):
            rulebook_of([one, other])

    def test_an_unknown_rulebook_is_bad_input(self):
        with pytest.raises((InputError, InputErrors), match=r"calhhs-ddg-2\.0"):
            rulebook_of([by_county(rulebook="calhhs-ddg-9")])


class TestFiguresThatAreLost:
    """An earlier table shows Alpha's four women, and the contract accepts that."""

    def table(self, county="Alpha"):
        shown = pd.DataFrame({"county": [county], "sex": ["F"], "cases": [BY_SEX[county][0]]})
        declared = {"table": "earlier", "small_counts": "accept"}
        return by_county_and_sex({"earlier": shown}, already_public=[declared])

    @pytest.fixture(scope="class")
    def prepared(self, rulebook):
        (one,) = prepare([self.table()], rulebook)
        return one

    def with_the_total_of_alpha(self, prepared):
        frame, true = read_back(prepared), prepared.bound.frame
        (row,) = frame.index[(true.county == "Alpha") & (true.sex == "All")]
        frame.loc[row, ["cases", "cases_annotation_code"]] = [str(true.cases[row]), ""]
        return frame

    def test_are_noted_and_no_finding(self, prepared, rulebook):
        report = attack([prepared.bound], [read_back(prepared)], rulebook, prepared.masked.reasons_shown)
        assert report.safe, report.findings
        assert any("cases at county=Alpha, sex=F" in note for note in report.notes)

    def test_may_be_all_that_a_row_hides(self, rulebook):
        (one,) = prepare([self.table("Gamma")], rulebook)
        gamma = (one.bound.frame.county == "Gamma").to_numpy()
        assert list(one.bound.frame.sex[gamma & (one.masked.frame.cases == "").to_numpy()]) == ["F"]
        assert attack([one.bound], [read_back(one)], rulebook, one.masked.reasons_shown).safe

    def test_hide_no_finding_about_their_neighbours(self, prepared, rulebook):
        frame = self.with_the_total_of_alpha(prepared)
        report = attack([prepared.bound], [frame], rulebook, prepared.masked.reasons_shown)
        calculated = [one for one in report.findings if one.kind is FindingKind.EXACT]
        assert {"county": "Alpha", "sex": "M"} in [one.cell.coordinate for one in calculated]
        assert {"county": "Alpha", "sex": "F"} not in [one.cell.coordinate for one in calculated]

    def test_hide_no_finding_about_a_row_in_which_others_are_hidden(self, prepared, rulebook):
        frame = self.with_the_total_of_alpha(prepared)
        report = attack([prepared.bound], [frame], rulebook, prepared.masked.reasons_shown)
        of_alpha = [one for one in report.findings if one.cell.coordinate == {"county": "Alpha", "sex": "All"}]
        assert FindingKind.SUM_TOO_SMALL in {one.kind for one in of_alpha if one.dimension == "sex"}


class TestCategoriesThatOverlap:
    """Where categories do not add up, masking sees no sums; readers still do."""

    def table(self, counts, additive=False, **declared):
        counties = {"Alpha": 1200, "Beta": 3100}
        rows = [(county, age, n) for county, cells in zip(counties, counts, strict=True) for age, n in cells.items()]
        contract = {
            "release": "ages",
            "title": "Cases by county and age",
            "scope": [{"variable": "time", "period": "year"}],
            "dimensions": {
                "county": {"variable": "residence_geography", "population": counties},
                "age": {"variable": "age", "additive": additive, **declared},
            },
            "measures": {"cases": {"kind": "count"}},
        }
        return bind(parse_contract(contract, "ages"), pd.DataFrame(rows, columns=["county", "age", "cases"]))

    def test_that_differ_by_few_people_are_refused_by_coordinates(self, rulebook):
        table = self.table([{"0-17": 33, "0-19": 37}, {"0-17": 40, "0-19": 60}])
        with pytest.raises(RefusedError, match="less") as caught:
            prepare([table], rulebook)
        assert "county=Alpha, age=0-19 less 0-17" in str(caught.value)
        assert "Beta" not in str(caught.value)
        assert "Leave one of the overlapping categories out" in str(caught.value)
        assert not {"33", "37", "4", "40"} & set(str(caught.value).replace(",", " ").split())

    def test_of_which_others_make_a_hidden_one_are_refused(self, rulebook):
        # nothing lies between them that is no category: 0-17 and 18-19 are 0-19
        table = self.table([{"0-17": 33, "18-19": 4, "0-19": 37}, {"0-17": 40, "18-19": 20, "0-19": 60}])
        with pytest.raises(RefusedError, match=r"hidden counts stand in categories that overlap(.|\n)*age=18-19"):
            prepare([table], rulebook)

    def test_that_chain_around_a_hidden_one_are_refused(self, rulebook):
        counts = [{"0-9": 30, "10-19": 25, "20-29": 4, "0-14": 43, "15-29": 16}] * 2
        with pytest.raises(RefusedError):
            prepare([self.table(counts)], rulebook)

    def test_are_masked_together_where_the_contract_says_how_they_add_up(self, rulebook):
        counts = [{"0-17": 33, "18-19": 4, "20-29": 44, "0-19": 37}, {"0-17": 40, "18-19": 20, "20-29": 30, "0-19": 60}]
        tree = {"tree": {"0-19": ["0-17", "18-19"]}}
        (one,) = prepare([self.table(counts, additive=True, hierarchy=tree)], rulebook)
        assert attack([one.bound], [read_back(one)], rulebook, one.masked.reasons_shown).safe

    def test_are_no_matter_where_nothing_is_hidden_in_them(self, rulebook):
        table = self.table([{"0-17": 33, "0-19": 57, "65+": 4}, {"0-17": 40, "0-19": 70, "65+": 31}])
        (one,) = prepare([table], rulebook)
        assert set(one.bound.frame.age[(one.masked.frame.cases == "").to_numpy()]) == {"65+"}

    def test_of_rolling_periods_are_no_matter(self, rulebook):
        periods = {"2018-2020": 4, "2019-2021": 30, "2020-2022": 44}
        rows = [(c, p, n * (1 + (c == "Beta"))) for c in ("Alpha", "Beta", "Gamma") for p, n in periods.items()]
        contract = {
            "release": "periods",
            "title": "Cases by county and period",
            "high_risk": ["homelessness"],
            "dimensions": {
                "county": {"variable": "residence_geography", "population": PEOPLE},
                "period": {"variable": "time", "additive": False},
            },
            "measures": {"cases": {"kind": "count"}},
        }
        table = bind(parse_contract(contract, "periods"), pd.DataFrame(rows, columns=["county", "period", "cases"]))
        (one,) = prepare([table], rulebook)
        assert (one.masked.frame.cases == "").any()


class TestTheAttack:
    """With the proof that masking gave at hand, the attacker checks its moves and need not search."""

    @pytest.fixture
    def made(self, rulebook):
        tables = [by_county_and_sex(), by_county()]
        prepared = prepare(tables, rulebook)
        return tables, [one.masked.frame for one in prepared], proof_bytes(prepared[0].protections)

    @pytest.fixture(autouse=True)
    def searches(self, monkeypatch):
        """Count what has to be searched for, in a table as if it were a large one."""
        found = []

        class Counted(decide.Search):
            def run(self):
                found.append(self)
                super().run()

        monkeypatch.setattr(decide, "_COMPILED_FROM", 1)
        monkeypatch.setattr(exchanges, "_ROUNDS", ())
        monkeypatch.setattr(decide, "Search", Counted)
        return found

    def test_takes_the_moves_of_the_proof(self, rulebook, made, searches):
        tables, frames, proof = made
        assert attack(tables, frames, rulebook, reasons_shown=False).safe
        assert searches
        searches.clear()
        assert attack(tables, frames, rulebook, reasons_shown=False, proof=proof).safe
        assert not searches

    def test_does_not_believe_them(self, rulebook, made):
        tables, frames, proof = made
        hidden = frames[0].index[(frames[0].cases == "") & ~tables[0].frame.cases.between(1, 10)]
        frames[0].loc[hidden[0], ["cases", "cases_annotation_code", "cases_annotation_description"]] = [
            str(tables[0].frame.cases[hidden[0]]), "", "",
        ]  # fmt: skip
        alone = attack(tables, frames, rulebook, reasons_shown=False)
        assert not alone.safe
        with_proof = attack(tables, frames, rulebook, reasons_shown=False, proof=proof)
        assert {str(finding.cell) for finding in with_proof.findings} == {
            str(finding.cell) for finding in alone.findings
        }

    def test_a_table_that_is_no_proof_is_refused(self, rulebook, made):
        tables, frames, _ = made
        given, rules = (
            PublishedTable(tables[0].contract, frames[0]),
            AuditRules.from_rulebook(rulebook, "ddg", show_reason=False),
        )
        line = {"move": 0, "low": -1, "high": 1, "release": "by_sex", "measure": "cases", "at.county": "Alpha"}
        for wrong in ({"a": 1}, line | {"delta": 0.5}, line | {"delta": 1 << 40}, line | {"delta": 1, "release": 3}):
            with pytest.raises(InputErrors, match="suggested"):
                audit(given, rules, suggested=pd.DataFrame([wrong]))

    def test_a_file_that_is_no_proof_is_refused(self, rulebook, made):
        tables, frames, _ = made
        with pytest.raises(InputErrors, match="no whole Parquet file"):
            attack(tables, frames, rulebook, reasons_shown=False, proof=b"PAR1")
