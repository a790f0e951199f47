"""The audit against exhaustive search, on random small tables of every shape it knows."""

from __future__ import annotations

import itertools
import random

import pandas as pd
import pytest
from attacker.brute_force import Release, attack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.audit import AuditRules, FindingKind, PublishedTable, audit, decide, implied_margins, propagation
from ddg_pipeline.contract.parse import parse_contract

UPPER = 4
EVERYTHING = 10**6
NARROWED = {FindingKind.EXACT, FindingKind.NARROWED, FindingKind.BY_LINK, FindingKind.BY_STATISTIC}
COUNTS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 9])


def rules(need, *, show_reason):
    return AuditRules(1, UPPER, need, False, 2, UPPER + 1, 3, show_reason, "1", "2", "3")


@st.composite
def dimensions(draw, name, most):
    leaves = [f"{name}{i}" for i in range(draw(st.integers(1 if most < 3 else 2, most)))]
    declared = {"variable": "other", "groups": 5}
    consists = {leaf: {leaf} for leaf in leaves}
    shape = draw(st.sampled_from(["plain", "plain", "tree", "alternative", "not additive"]))
    if shape == "not additive":
        declared["additive"] = False
    elif draw(st.booleans()):
        declared["total"] = f"{name} all"
        consists[f"{name} all"] = set(leaves)
    if len(leaves) == 3 and shape in {"tree", "alternative"}:
        trees = [{f"{name} low": leaves[:2]}]
        if shape == "alternative":
            trees.append({f"{name} high": leaves[1:]})
        declared["hierarchy"] = [{"tree": tree} for tree in trees]
        for tree in trees:
            for parent, children in tree.items():
                if draw(st.booleans()):
                    consists[parent] = set(children)
    return name, declared, leaves, consists


@st.composite
def measures(draw, leaf_cells):
    """Give declared measures, and each measure's figures on the leaf cells."""
    first = {cell: draw(COUNTS) for cell in leaf_cells}
    declared = {"n": {"kind": "count"}}
    figures = {"n": first}
    identities = []
    extra = draw(st.sampled_from(["none", "none", "events", "identity"]))
    if extra == "events":
        declared["v"] = {"kind": "count", "unit": "events", "individuals": "n"}
        figures["v"] = {cell: n + draw(st.integers(0, 2)) if n else 0 for cell, n in first.items()}
    elif extra == "identity":
        declared |= {"other": {"kind": "count"}, "any": {"kind": "count"}}
        figures["other"] = {cell: draw(COUNTS) for cell in leaf_cells}
        figures["any"] = {cell: n + figures["other"][cell] for cell, n in first.items()}
        identities.append("n + other = any")
    return declared, identities, figures


def full_table(axes, figures):
    """Sum the leaf cells into every cell that the table carries."""
    rows = []
    for labels in itertools.product(*(consists for *_, consists in axes)):
        parts = [consists[label] for (*_, consists), label in zip(axes, labels, strict=True)]
        row = {axis[0]: label for axis, label in zip(axes, labels, strict=True)}
        row |= {m: sum(cells[part] for part in itertools.product(*parts)) for m, cells in figures.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def governor(declared, measure):
    return declared[measure].get("individuals", measure)


@st.composite
def masked(draw, axes, declared, identities, figures, name, *, show_reason):
    """Give a contract, the unmasked table, and the table with its small cells and some others hidden."""
    unmasked = full_table(axes, figures)
    if draw(st.booleans()):  # tables often leave out what is not there
        there = (unmasked[list(figures)] > 0).any(axis=1)
        unmasked = unmasked[there | (unmasked.index == 0)].reset_index(drop=True)
    hidden = {
        measure: pd.Series([draw(st.integers(0, 3)) == 0 for _ in unmasked.index], index=unmasked.index)
        for measure in figures
    }
    return hide(axes, declared, identities, unmasked, hidden, name, show_reason=show_reason)


def hide(axes, declared, identities, unmasked, also, name, *, show_reason):
    """Hide what is small, and besides what ``also`` says and is not zero."""
    published = unmasked.copy()
    for measure in declared:
        count = unmasked[governor(declared, measure)]
        small = (count >= 1) & (count <= UPPER)
        hidden = small | (also[governor(declared, measure)] & (count > UPPER))
        published[measure] = unmasked[measure].astype(object).where(~hidden, None)
        codes = [("1" if not show_reason or s else "2") if h else "" for s, h in zip(small, hidden, strict=True)]
        published[f"{measure}_annotation_code"] = codes
    contract = {
        "release": name,
        "title": name,
        "dimensions": {axis: declaration for axis, declaration, *_ in axes},
        "measures": declared,
        "identities": identities,
        "suppression": {"show_reason": show_reason},
    }
    return contract, unmasked, published


@st.composite
def single(draw):
    axes = [
        draw(dimensions(name, most))
        for name, most in zip("abc", draw(st.sampled_from([(3,), (3, 3), (3, 2, 2)])), strict=False)
    ]
    if draw(st.integers(0, 5)) == 0:
        axes = [draw(dimensions(name, 2)) for name in "abcd"]
    leaf_cells = list(itertools.product(*(leaves for _, _, leaves, _ in axes)))
    declared, identities, figures = draw(measures(leaf_cells))
    return draw(masked(axes, declared, identities, figures, "table", show_reason=draw(st.booleans())))


def crowded(seed):
    """Most cells hidden and nearly all margins there: what each row says by itself is not the whole story."""
    rng = random.Random(seed)
    sizes = rng.choice([(4, 4), (4, 4), (4, 3), (3, 2, 2), (2, 2, 2), (3, 3, 2)])
    axes = []
    for name, size in zip("abc", sizes, strict=False):
        leaves = [f"{name}{i}" for i in range(size)]
        consists = {leaf: {leaf} for leaf in leaves} | {f"{name} all": set(leaves)}
        axes.append((name, {"variable": "other", "groups": 5, "total": f"{name} all"}, leaves, consists))
    cells = list(itertools.product(*(leaves for _, _, leaves, _ in axes)))
    counts = rng.choice([[3, 4, 5, 6], [1, 4, 5, 6], [0, 1, 4, 5, 7]])
    figures = blocks(cells, rng) if len(sizes) == 2 else {cell: rng.choice(counts) for cell in cells}
    unmasked = full_table(axes, {"n": figures})
    margin = unmasked[[axis[0] for axis in axes]].isin([axis[1]["total"] for axis in axes]).any(axis=1)
    also = {"n": pd.Series([rng.random() < (0.05 if is_margin else 0.9) for is_margin in margin], index=margin.index)}
    return hide(axes, {"n": {"kind": "count"}}, [], unmasked, also, "table", show_reason=rng.random() < 0.5)


def blocks(cells, rng):
    """Give small counts in two blocks of a table and in one cell that connects them; elsewhere nothing."""
    together = {cell: (cell[0] < "a2") == (cell[1] < "b2") for cell in cells}
    connecting = rng.choice([cell for cell in cells if not together[cell]])
    figures = {cell: rng.randint(1, 6) if together[cell] else 0 for cell in cells}
    return figures | {connecting: rng.randint(1, UPPER)}


@st.composite
def linked(draw):
    """Two tables of the same records: area by age, and area by race."""
    area, age, race = draw(dimensions("a", 3)), draw(dimensions("b", 2)), draw(dimensions("c", 2))
    for axis in (age, race):
        axis[1].pop("additive", None)
    cells = list(itertools.product(area[2], age[2], race[2]))
    figure = {cell: draw(COUNTS) for cell in cells}
    show_reason = draw(st.booleans())
    found = []
    for name, axes, position in (("one", (area, age), 2), ("two", (area, race), 1)):
        parts: dict = {}
        for cell, count in figure.items():
            key = tuple(label for at, label in enumerate(cell) if at != position)
            parts[key] = parts.get(key, 0) + count
        found.append(draw(masked(axes, {"n": {"kind": "count"}}, [], {"n": parts}, name, show_reason=show_reason)))
    return found


def expected(tables, need, known):
    """Work out by exhaustive search which hidden cells are too narrow, with what is left of each."""
    releases = [Release(contract, published) for contract, _, published in tables]
    leaks = attack(releases, lower=1, upper=UPPER, need=EVERYTHING, known=known, exhaustive=True, up_to=30)
    found = {}
    for leak in leaks:
        contract = next(contract for contract, *_ in tables if contract["release"] == leak.release)
        full = need >= UPPER
        if full and "individuals" not in contract["measures"][leak.measure]:
            enough = set(range(1, UPPER + 1)) <= set(leak.values)
        else:
            enough = len(leak.values) >= need
        if not enough:
            found[leak.release, leak.measure, leak.coordinate] = leak.values
    return found


def observed(tables, need, known, *, truth, suggested=None):
    published = [
        PublishedTable(
            parse_contract(contract, "test"),
            frame,
            known=known.get(contract["release"], pd.DataFrame()),
            truth=unmasked if truth else None,
        )
        for contract, unmasked, frame in tables
    ]
    show_reason = tables[0][0]["suppression"]["show_reason"]
    report = audit(published, rules(need, show_reason=show_reason), suggested=suggested)
    assert not report.undecided
    assert not report.mismatches
    assert not [finding for finding in report.findings if finding.kind is FindingKind.CONTRADICTION]
    return {
        (finding.cell.table, finding.cell.measure, tuple(sorted(finding.cell.coordinate.items()))): finding.values
        for finding in report.findings
        if finding.kind in NARROWED
    }


def agree(tables, need, known):
    want, got = expected(tables, need, known), observed(tables, need, known, truth=False)
    assert got.keys() == want.keys()
    assert {cell: values for cell, values in got.items() if values is not None} == {
        cell: values for cell, values in want.items() if got[cell] is not None
    }
    # with the truth at hand, the audit only asks about cells that are small indeed
    assert observed(tables, need, known, truth=True).keys() <= want.keys()


def any_lines(tables, seed):
    """Draw what could be passed off as a proof: changes that keep sums, such changes spoilt, and lines at random."""
    rng = random.Random(seed)
    lines = []
    for move in range(rng.randint(1, 12)):
        contract, unmasked, _ = rng.choice(tables)
        dimensions, measure = list(contract["dimensions"]), rng.choice(list(contract["measures"]))
        rows = unmasked[dimensions].to_dict("records")
        chosen = rng.sample(rows, min(len(rows), rng.choice([2, 4, 4, 8])))
        if rng.random() < 0.6:  # two categories take over from each other along each of two dimensions
            pairs = [
                (name, rng.sample(sorted(set(unmasked[name])), 2))
                for name in dimensions
                if unmasked[name].nunique() > 1
            ]
            pairs = rng.sample(pairs, min(2, len(pairs)))
            fixed = rng.choice(rows)
            chosen = [fixed | dict(zip([name for name, _ in pairs], ends, strict=True))
                      for ends in itertools.product(*(ends for _, ends in pairs))]  # fmt: skip
        for number, row in enumerate(chosen):
            sign = (-1) ** number.bit_count() if rng.random() < 0.95 else rng.choice([0, 3])
            at = {f"at.{name}": label for name, label in row.items()}
            lines.append({"move": move, "low": -1, "high": 1, "release": contract["release"], "measure": measure,
                          **at, "delta": sign})  # fmt: skip
            if rng.random() < 0.02:
                lines.append(lines[-1] | {"delta": 2, "at.a": "no such label"})
            if rng.random() < 0.03:
                lines.append(lines[-1] | rng.choice([{}, {"move": -1}, {"delta": 1 << 31}, {"release": None}]))
    return pd.DataFrame(lines)


MANY = settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=20)


class TestOneTable:
    @MANY
    @given(single(), st.sampled_from([2, 3, 4]))
    def test_the_audit_finds_exactly_what_exhaustive_search_finds(self, table, need):
        agree([table], need, {})

    @MANY
    @given(single(), st.sampled_from([2, 3, 4]))
    def test_so_it_does_when_the_margins_that_are_not_published_are_known(self, table, need):
        contract, unmasked, _ = table
        whole = PublishedTable(parse_contract(contract, "test"), unmasked)
        agree([table], need, {"table": implied_margins(whole, rules(need, show_reason=True))})


class TestCrowdedTable:
    @MANY
    @given(st.integers(0, 2**32).map(crowded), st.sampled_from([2, 3, 4]))
    def test_the_audit_finds_exactly_what_exhaustive_search_finds(self, table, need):
        agree([table], need, {})


class TestLinkedTables:
    @MANY
    @given(linked(), st.sampled_from([2, 3, 4]))
    def test_the_audit_finds_exactly_what_exhaustive_search_finds(self, tables, need):
        agree(tables, need, {})


class TestCompiledCode:
    """What is meant for large tables must agree on small ones too."""

    @pytest.fixture(autouse=True)
    def always(self, monkeypatch):
        monkeypatch.setattr(decide, "_COMPILED_FROM", 1)
        monkeypatch.setattr(propagation, "_COMPILED_FROM", 1)

    @FEW
    @given(single(), st.sampled_from([2, 3, 4]))
    def test_it_finds_exactly_what_exhaustive_search_finds(self, table, need):
        agree([table], need, {})

    @FEW
    @given(st.integers(0, 2**32).map(crowded), st.sampled_from([2, 3, 4]))
    def test_so_it_does_in_a_crowded_table(self, table, need):
        agree([table], need, {})

    @FEW
    @given(linked(), st.sampled_from([2, 3, 4]))
    def test_and_in_linked_tables(self, tables, need):
        agree(tables, need, {})

    @FEW
    @given(single().map(lambda one: [one]) | linked(), st.sampled_from([2, 3, 4]), st.integers(0, 2**32))
    def test_whatever_is_suggested_changes_no_finding(self, tables, need, seed):
        alone = observed(tables, need, {}, truth=True)
        assert observed(tables, need, {}, truth=True, suggested=any_lines(tables, seed)).keys() == alone.keys()

    @FEW
    @given(st.integers(0, 2**32).map(crowded), st.sampled_from([2, 3, 4]), st.integers(0, 2**32))
    def test_nor_in_a_crowded_table(self, table, need, seed):
        alone = observed([table], need, {}, truth=True)
        assert observed([table], need, {}, truth=True, suggested=any_lines([table], seed)).keys() == alone.keys()
