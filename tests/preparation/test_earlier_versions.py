"""A release in several versions: what their readers can work out from all of them together."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from attacker.versions import PublishedVersion
from attacker.versions import exposed as attacked
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.audit import AuditRules
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.earlier_versions import EarlierVersion, as_published, refuse_disconnected
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import proof_bytes
from ddg_pipeline.preparation import assess_group, attack, prepare, verify_protection
from ddg_pipeline.quality import csv_bytes, read_csv_text
from ddg_pipeline.rulebook import load_rulebook

COUNTIES = [f"C{number}" for number in range(6)]
GROUPS = ["R1", "R2"]
SEXES = ["F", "M"]
RULEBOOK = load_rulebook("calhhs-ddg-2.0")
NEED = RULEBOOK.masking.levels["ddg"].possible_values
SMALL = range(1, 11)


def by_county(cells, **contract):
    """A table of counts by county, with its total."""
    return _bound(pd.DataFrame(cells.items(), columns=["county", "cases"]), ["county"], contract)


def by_county_and_sex(cells, **contract):
    """The same by county and sex, with all margins."""
    rows = [(*coordinate, count) for coordinate, count in cells.items()]
    return _bound(pd.DataFrame(rows, columns=["county", "sex", "cases"]), ["county", "sex"], contract)


def _bound(frame, dimensions, contract, *, references=None, totals=True, groups=None):
    declared = {
        "release": "cases",
        "title": "Cases",
        "scope": [{"variable": "time", "period": "month"}],
        "dimensions": {
            "county": {
                "variable": "residence_geography",
                "population": dict.fromkeys([*COUNTIES, *"ABCDEG", *(f"{name} County" for name in COUNTIES)], 4000),
                "total": "State",
            },
            "sex": {"variable": "sex", "total": "Both"},
        },
        "measures": {"cases": {"kind": "count"}},
    }
    declared["dimensions"] = {name: declared["dimensions"][name] for name in dimensions}
    if groups is not None:
        declared["dimensions"]["county"] |= groups
    finest = frame[~frame.county.isin(GROUPS)] if "county" in frame else frame
    for name in dimensions if totals else ():
        others = [other for other in dimensions if other != name]
        label = declared["dimensions"][name]["total"]
        sums = (
            finest.groupby(others, sort=False).cases.sum().reset_index()
            if others
            else finest[["cases"]].sum().to_frame().T
        )
        frame = pd.concat([frame, sums.assign(**{name: label})], ignore_index=True)[[*dimensions, "cases"]]
        finest = frame
    if not totals:
        del declared["dimensions"]["county"]["total"]
    return bind(parse_contract(declared | contract, "cases"), frame, references)


def read_back(prepared):
    return read_csv_text(csv_bytes(prepared.masked.frame, "cases"), "cases")


def released(table, versions=()):
    """Prepare a table beside its earlier versions; the prepared one, and it as the next version."""
    (one,) = prepare([table], RULEBOOK, versions={"cases": list(versions)})
    return one, EarlierVersion(
        f"cases version {len(versions) + 1}", table, read_back(one), one.masked.reasons_shown, one.masked.masked
    )


def history(*tables):
    versions = []
    for table in tables:
        versions.append(released(table, versions)[1])
    return versions


def shown(version):
    frame = version.published
    labels = frame[list(version.bound.axes)].agg(" ".join, axis=1)
    return {label: None if pd.isna(cases) else int(cases) for label, cases in zip(labels, frame.cases, strict=True)}


def exposed(versions):
    """The small cells that another attacker narrows down, who knows all versions and what was corrected."""
    seen = [
        PublishedVersion(
            version.bound.frame,
            version.published,
            {name: axis.total for name, axis in version.bound.axes.items()},
            version.reasons_shown,
        )
        for version in versions
    ]
    return attacked(seen, NEED)


FIRST = {"C0": 0, "C1": 20, "C2": 15, "C3": 3, "C4": 80}


class TestWhatIsTheSame:
    def test_nothing_changes_where_nothing_changed(self):
        first, second = history(by_county(FIRST), by_county(FIRST))
        assert shown(first) == shown(second)

    def test_a_figure_that_was_shown_is_not_chosen_to_protect_another(self):
        # by itself, the second version would hide the cheapest one, which everybody has read
        first, second = history(by_county(FIRST), by_county(FIRST | {"C4": 79, "C0": 12}))
        assert shown(first)["C1"] == shown(second)["C1"] == 20

    def test_what_was_hidden_stays_hidden_when_the_small_count_has_grown(self):
        first, second = history(by_county(FIRST), by_county(FIRST | {"C3": 30}))
        assert shown(first)["C2"] is None
        assert shown(second)["C2"] is None
        assert exposed([first, second]) == {}

    def test_a_table_without_small_counts_is_masked_for_the_sake_of_an_earlier_one(self):
        (first,) = history(by_county(FIRST))
        table = by_county(FIRST | {"C3": 30})
        assert assess_group([table], RULEBOOK)[0].decision == "release"
        (assessment,) = assess_group([table], RULEBOOK, {"cases": [first]})
        assert assessment.decision == "mask"
        assert "an earlier version" in assessment.notes[-1].text


class TestCorrections:
    def test_a_case_more_where_there_was_none_hides_the_total_that_would_tell_it(self):
        first, second = history(by_county(FIRST), by_county(FIRST | {"C0": 1}))
        assert shown(first)["State"] == 118
        assert shown(second)["State"] is None
        assert exposed([first, second]) == {}

    def test_without_the_first_version_the_total_is_shown(self):
        (alone,) = history(by_county(FIRST | {"C0": 1}))
        assert shown(alone)["State"] == 119

    def test_a_late_county_with_few_cases(self):
        first, second = history(by_county(FIRST), by_county(FIRST | {"C5": 5}))
        assert shown(second)["State"] is None
        assert exposed([first, second]) == {}

    def test_a_total_that_has_to_stay_open_makes_the_correction_impossible(self):
        (first,) = history(by_county(FIRST))
        table = by_county(FIRST | {"C0": 1}, suppression={"keep": [{"county": "State"}]})
        with pytest.raises(RefusedError, match="cases: cases at county=C0") as refusal:
            released(table, [first])
        assert "Hold the correction" in str(refusal.value)

    def test_a_category_that_comes_back(self):
        gone = {name: count for name, count in FIRST.items() if name != "C3"}
        versions = history(by_county(FIRST), by_county(gone), by_county(FIRST))
        assert exposed(versions) == {}
        assert shown(versions[2])["C3"] is None


class TestTheAttack:
    def test_finds_what_differencing_tells(self):
        (first,) = history(by_county(FIRST))
        one, _ = released(by_county(FIRST | {"C0": 1}))  # as if there were no earlier version
        report = attack([one.bound], [read_back(one)], RULEBOOK, one.masked.reasons_shown, versions={"cases": [first]})
        assert [str(finding.cell) for finding in report.findings] == ["cases: cases at county=C0"]

    def test_names_the_earlier_version_whose_cell_is_opened(self):
        (first,) = history(by_county(FIRST))
        table = by_county(FIRST | {"C3": 30})
        (one,) = prepare([table], RULEBOOK)
        report = attack(
            [table],
            [read_back(one)],
            RULEBOOK,
            reasons_shown=True,
            versions={"cases": [first]},
            masked=one.masked.masked,
        )
        assert [str(finding.cell) for finding in report.findings] == ["cases version 1: cases at county=C3"]

    def test_does_not_blame_a_version_for_what_an_earlier_one_told_already(self):
        table = by_county(FIRST)
        published = read_back(released(table)[0])
        published.loc[published.county == "C2", ["cases", "cases_annotation_code"]] = [
            "15",
            pd.NA,
        ]  # C3 can be calculated
        first = EarlierVersion("cases version 1", table, published, reasons_shown=True, masked=True)
        two, _ = released(by_county(FIRST | {"C3": 4}))
        report = attack([two.bound], [read_back(two)], RULEBOOK, two.masked.reasons_shown, versions={"cases": [first]})
        assert not [finding for finding in report.findings if finding.cell.table == "cases version 1"]
        assert any("by these alone: cases version 1: cases at county=C3" in note for note in report.notes)

    def test_the_proof_holds_beside_what_is_known(self):
        versions = history(by_county(FIRST), by_county(FIRST | {"C0": 1}))
        table = by_county(FIRST | {"C0": 1, "C4": 81})
        one, _ = released(table, versions)
        found = verify_protection(
            [table], [read_back(one)], RULEBOOK, proof_bytes(one.protections), versions={"cases": versions}
        )
        assert found is not None
        assert found.proved


class TestWhatElseReadersHave:
    def test_reasons_that_an_earlier_version_told_are_known(self):
        cells = {"A": 2, "B": 11, "C": 3, "D": 14, "E": 400, "G": 90}
        (first,) = history(by_county(cells, suppression={"hide": [{"county": ["B", "D"]}]}))
        assert first.reasons_shown
        tree = {"hierarchy": [{"tree": {"R1": ["A", "B", "E"], "R2": ["C", "D", "G"]}}]}
        rows = {**cells, "R1": 413, "R2": 107}  # A and B sum to 13, and B is no small count
        table = _bound(
            pd.DataFrame(rows.items(), columns=["county", "cases"]),
            ["county"],
            {"suppression": {"show_reason": False}},
            groups=tree,
        )
        one, second = released(table, [first])
        assert not one.masked.reasons_shown
        assert shown(second)["R1"] is None or shown(second)["R2"] is None

    def test_figures_that_an_earlier_contract_declared_as_public_are_known(self):
        declared = {"already_public": [{"table": "state", "at": {"sex": "Both"}}]}
        state = {"state": pd.DataFrame({"sex": ["Both"], "cases": [118]})}
        frame = pd.DataFrame(FIRST.items(), columns=["county", "cases"])
        (first,) = history(_bound(frame, ["county"], declared, references=state, totals=False))
        _, second = released(by_county(FIRST | {"C0": 1}), [first])
        assert shown(second)["State"] is None

    def test_of_a_version_whose_original_is_lost_what_it_hides_stays_hidden(self):
        before = {"C0": 0, "C1": 12, "C2": 30, "C3": 12, "C4": 12, "C5": 3}
        (first,) = history(by_county(before))
        assert shown(first)["C1"] is None
        table = by_county(before | {"C2": 3, "C5": 8})
        rules = AuditRules.from_rulebook(RULEBOOK, "ddg", show_reason=True)
        lost = as_published("cases version 1", first.published, table, rules)
        _, second = released(table, [lost])
        assert shown(second)["C1"] is None
        assert exposed([first, second]) == {}


class TestOtherNames:
    """What an earlier version is about has to be recognisable."""

    def refused(self, table, *says):
        (first,) = history(by_county(FIRST))
        with pytest.raises(RefusedError) as refusal:
            refuse_disconnected(table, first)
        for text in ("cases version 1", *says):
            assert text in str(refusal.value)

    def test_of_categories(self):
        self.refused(by_county({f"{name} County": count for name, count in FIRST.items()}), "C0", "C0 County")

    def test_of_a_dimension(self):
        table = by_county(FIRST)
        contract = table.contract.model_copy(update={"dimensions": {"place": table.contract.dimensions["county"]}})
        self.refused(
            bind(contract, table.original.rename(columns={"county": "place"})), "dimensions: county gone, place new"
        )

    def test_of_a_count(self):
        table = by_county(FIRST)
        contract = table.contract.model_copy(update={"measures": {"people": table.contract.measures["cases"]}})
        self.refused(
            bind(contract, table.original.rename(columns={"cases": "people"})), "measures: cases gone, people new"
        )

    def test_do_not_matter_where_something_is_only_dropped_or_added(self):
        (first,) = history(by_county(FIRST))
        for cells in (FIRST | {"C5": 12}, {name: count for name, count in FIRST.items() if name != "C0"}):
            refuse_disconnected(by_county(cells), first)

    def test_are_fine_for_periods_that_follow_each_other(self):
        def of(*months):
            frame = pd.DataFrame([(month, 20) for month in months], columns=["month", "cases"])
            contract = {
                "release": "cases",
                "title": "Cases",
                "scope": [{"variable": "residence_geography", "population": 39538223}],
                "dimensions": {"month": {"variable": "time", "period": "month", "additive": False}},
                "measures": {"cases": {"kind": "count"}},
            }
            return bind(parse_contract(contract, "cases"), frame)

        (first,) = history(of("2025-01", "2025-02"))
        refuse_disconnected(of("2025-02", "2025-03"), first)
        with pytest.raises(RefusedError, match="January 2025 new"):
            refuse_disconnected(of("January 2025", "2025-02"), first)


counts = st.one_of(st.integers(0, 12), st.integers(0, 40))


@st.composite
def corrected(draw, coordinates):
    """A table, and how it is corrected: a few cells changed, added or gone, several times."""
    cells = {coordinate: draw(counts) for coordinate in coordinates if draw(st.integers(0, 9))}
    tables = [cells or {coordinates[0]: 3}]
    for _ in range(draw(st.integers(1, 2))):
        cells = dict(tables[-1])
        for coordinate in draw(st.lists(st.sampled_from(coordinates), min_size=1, max_size=2, unique=True)):
            if draw(st.integers(0, 4)) or len(cells) == 1:
                cells[coordinate] = draw(counts)
            else:
                cells.pop(coordinate, None)
        tables.append(cells)
    return tables


class TestEveryHistory:
    @settings(max_examples=25, deadline=None)
    @given(corrected(COUNTIES[:5]))
    def test_of_counties_keeps_every_small_count_of_every_version(self, tables):
        _check(map(by_county, tables))

    @settings(max_examples=15, deadline=None)
    @given(corrected(list(itertools.product(COUNTIES[:3], SEXES))))
    def test_of_counties_and_sexes_keeps_every_small_count_of_every_version(self, tables):
        _check(map(by_county_and_sex, tables))


@pytest.mark.thorough
class TestManyHistories:
    @settings(max_examples=400, deadline=None)
    @given(corrected(COUNTIES[:5]))
    def test_of_counties_keep_every_small_count_of_every_version(self, tables):
        _check(map(by_county, tables))

    @settings(max_examples=250, deadline=None)
    @given(corrected(list(itertools.product(COUNTIES[:3], SEXES))))
    def test_of_counties_and_sexes_keep_every_small_count_of_every_version(self, tables):
        _check(map(by_county_and_sex, tables))


def _check(tables):
    versions = []
    for table in tables:
        try:
            versions.append(released(table, versions)[1])
        except RefusedError:
            continue  # nothing is published of it
    assert exposed([version for version in versions if version.masked]) == {}
