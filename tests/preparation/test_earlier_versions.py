"""A release in several versions: what their readers can work out from all of them together."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from attacker.versions import PublishedVersion
from attacker.versions import exposed as attacked
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.earlier_versions import EarlierVersion
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import proof_bytes
from ddg_pipeline.preparation import assess_group, attack, prepare, verify_protection
from ddg_pipeline.quality import csv_bytes, read_csv_text
from ddg_pipeline.rulebook import load_rulebook

COUNTIES = [f"C{number}" for number in range(6)]
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


def _bound(frame, dimensions, contract):
    declared = {
        "release": "cases",
        "title": "Cases",
        "scope": [{"variable": "time", "period": "month"}],
        "dimensions": {
            "county": {
                "variable": "residence_geography",
                "population": dict.fromkeys(COUNTIES, 4000),
                "total": "State",
            },
            "sex": {"variable": "sex", "total": "Both"},
        },
        "measures": {"cases": {"kind": "count"}},
    }
    declared["dimensions"] = {name: declared["dimensions"][name] for name in dimensions}
    for name in dimensions:
        others = [other for other in dimensions if other != name]
        label = declared["dimensions"][name]["total"]
        totals = (
            frame.groupby(others, sort=False).cases.sum().reset_index()
            if others
            else frame[["cases"]].sum().to_frame().T
        )
        frame = pd.concat([frame, totals.assign(**{name: label})], ignore_index=True)[[*dimensions, "cases"]]
    return bind(parse_contract(declared | contract, "cases"), frame)


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
