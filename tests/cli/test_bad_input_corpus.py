"""A corpus of broken contracts, tables, projects and rulebooks, each with exit code 2 and a message that helps."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pandas as pd
import pytest

FIGURE = "48613"  # stands in each table, and nowhere in what is printed


def changed(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def added(line: str) -> Callable[[str], str]:
    return lambda text: text + line + "\n"


def instead(text: str) -> Callable[[str], str]:
    return lambda _: text


SIZES = "{Alpha: 1200, Beta: 3100, Gamma: 42000, Delta: 91000, Epsilon: 250000, Zeta: 810000}"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = "release: " + "[" * 5000 + "]" * 5000 + "\n"

# what is wrong: (how the contract is changed, what the message has to name)
CONTRACTS: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "nothing in it": (instead(""), ("the whole",)),
    "only a comment": (instead("# later\n"), ("the whole",)),
    "a list": (instead("- release: r\n"), ("the whole", "a list")),
    "a word": (instead("release"), ("the whole",)),
    "a number": (instead("7"), ("the whole",)),
    "two documents": (added("---\nrelease: other"), ("line",)),
    "a YAML bomb": (instead(BOMB), ("line 2", "an alias")),
    "an anchor that leads into itself": (instead("a: &a\n  b: *a\n"), ("line 2", "an alias")),
    "a thousand brackets": (instead(DEEP), ("nested too deeply",)),
    "a tag that makes Python objects": (instead("!!python/object/apply:os.system ['true']\n"), ("line 1",)),
    "a tag inside": (changed("kind: count", "kind: !!python/name:os.system ''"), ("line",)),
    "a bracket left open": (instead("release: ["), ("line 1",)),
    "a tab as indentation": (changed("  county:", "\tcounty:"), ("line 6",)),
    "a NUL character": (added("description: \0"), ("YAML",)),
    "the same key twice": (added("release: other"), ("release for the second time",)),
    "a key that is a list": (added("? [a]\n: 1"), ("line", "a key that is a list")),
    "a date that does not exist": (added("description: 2024-13-41"), ("a value that is none",)),
    "no release": (changed("release: cases_by_county_sex\n", ""), ("release: found nothing",)),
    "no title": (changed("title: Cases by county and sex\n", ""), ("title: found nothing",)),
    "an empty title": (changed("title: Cases by county and sex", "title: ''"), ("title",)),
    "a title that is a number": (changed("title: Cases by county and sex", "title: 2024"), ("title", "2024")),
    "a title that is a mapping": (changed("title: Cases by county and sex", "title: {a: b}"), ("title",)),
    "a path as the release": (changed("cases_by_county_sex", "../../etc/passwd"), ("release", "../../etc/passwd")),
    "an absolute path as the release": (changed("cases_by_county_sex", "/tmp/x"), ("release", "/tmp/x")),
    "dots as the release": (changed("cases_by_county_sex", "'..'"), ("release",)),
    "SQL as the release": (changed("cases_by_county_sex", "\"x'; drop table t; --\""), ("release",)),
    "a release in capitals": (changed("cases_by_county_sex", "Cases"), ("release", "Cases")),
    "a release that is too long": (changed("cases_by_county_sex", "a" * 64), ("release", "63 at most")),
    "a template as the release": (changed("cases_by_county_sex", "'{{ 7*7 }}'"), ("release",)),
    "a line break in the release": (changed("cases_by_county_sex", '"cases\\n"'), ("release",)),
    "no dimensions": (changed("dimensions:", "dimension:"), ("dimension", "did you mean 'dimensions'?")),
    "dimensions that are a list": (added("links: []\nidentities: {}"), ("identities",)),
    "no measures": (changed("measures:\n  cases: {kind: count}\n", ""), ("measures",)),
    "an empty mapping of measures": (changed("  cases: {kind: count}\n", "  {}\n"), ("measures",)),
    "an unknown kind of measure": (changed("kind: count", "kind: number"), ("measures.cases.kind", "number")),
    "a kind with blanks": (changed("kind: count", "kind: ' count'"), ("measures.cases.kind",)),
    "a rate of nothing": (changed("{kind: count}", "{kind: count}\n  r: {kind: rate}"), ("measures.r",)),
    "a rate of itself": (
        changed("{kind: count}", "{kind: count}\n  r: {kind: rate, numerator: r, per: 100}"),
        ("measures.r.numerator",),
    ),
    "decimals that are negative": (
        changed("{kind: count}", "{kind: count}\n  r: {kind: rate, numerator: cases, per: 100, decimals: -1}"),
        ("measures.r.decimals",),
    ),
    "a rate per nothing": (
        changed("{kind: count}", "{kind: count}\n  r: {kind: rate, numerator: cases, per: 0}"),
        ("measures.r.per",),
    ),
    "a measure that is also a dimension": (changed("  cases:", "  sex:"), ("measures.sex", "one place")),
    "an unknown variable": (changed("variable: sex", "variable: gender"), ("dimensions.sex.variable", "gender")),
    "no variable": (changed("{variable: sex, total: All}", "{total: All}"), ("dimensions.sex.variable",)),
    "an unknown key of a dimension": (changed("total: All", "totl: All"), ("dimensions.sex.totl", "total")),
    "a negative population": (changed("Alpha: 1200", "Alpha: -1200"), ("dimensions.county.population",)),
    "a population of infinity": (changed("Alpha: 1200", "Alpha: .inf"), ("dimensions.county.population",)),
    "a population that is no number": (changed("Alpha: 1200", "Alpha: [1]"), ("dimensions.county.population",)),
    "a population of a label that the table does not have": (changed("Zeta: 810000", "Omega: 810000"), ("Zeta",)),
    "a population that is not given": (changed("Alpha: 1200, ", ""), ("Alpha",)),
    "a reference table without a key": (
        changed(SIZES, "{table: people}"),
        ("dimensions.county.population",),
    ),
    "a reference table that is not there": (
        changed(
            SIZES,
            "{table: people, key: a, value: b}",
        ),
        ("reference table people",),
    ),
    "a hierarchy with a circle": (
        changed("    total: State", "    total: State\n    hierarchy: {tree: {Alpha: [Beta], Beta: [Alpha]}}"),
        ("county",),
    ),
    "a hierarchy that is a word": (
        changed("    total: State", "    total: State\n    hierarchy: regions"),
        ("hierarchy",),
    ),
    "a hierarchy of labels that are not there": (
        changed("    total: State", "    total: State\n    hierarchy: {tree: {North: [Omega]}}"),
        ("county",),
    ),
    "a total that is not there": (changed("total: All", "total: Both"), ("dimensions.sex.total", "Both")),
    "an identity that is none": (added("identities: ['cases +']"), ("identities",)),
    "an identity of unknown measures": (added("identities: ['a + b = cases']"), ("identities", "a")),
    "an identity that is code": (added("identities: ['__import__(\"os\") = cases']"), ("identities",)),
    "a link to itself": (added("links: [cases_by_county_sex]"), ("links",)),
    "a link to a path": (added("links: ['../other']"), ("links",)),
    "an unknown level": (added("suppression: {level: none}"), ("suppression.level", "none")),
    "an unknown form": (added("suppression: {form: rounded}"), ("suppression.form", "rounded")),
    "a preference of an unknown dimension": (
        added("suppression: {prefer: {race: [Unknown]}}"),
        ("suppression.prefer",),
    ),
    "a cell to hide of an unknown dimension": (added("suppression: {hide: [{race: A}]}"), ("suppression.hide",)),
    "annotations of one name": (
        added("suppression: {annotations: {code: '{measure}', description: '{measure}_d'}}"),
        ("suppression.annotations",),
    ),
    "an annotation that reads attributes": (
        added("suppression: {annotations: {code: '{measure.__class__}'}}"),
        ("suppression.annotations",),
    ),
    "an annotation that counts positions": (
        added("suppression: {annotations: {code: '{0}'}}"),
        ("suppression.annotations",),
    ),
    "a path as the dataset": (added("publication: {dataset: ../../x}"), ("publication.dataset",)),
    "an absolute path as the resource": (added("publication: {resource: /tmp/x}"), ("publication.resource",)),
    "a dot as the resource": (added("publication: {resource: '.'}"), ("publication.resource",)),
    "a hidden name as the resource": (added("publication: {resource: .versions}"), ("publication.resource",)),
    "an unknown cadence": (added("publication: {cadence: sometimes}"), ("publication.cadence", "sometimes")),
    "a rulebook that is not there": (added("rulebook: calhhs-ddg-7"), ("rulebook", "calhhs-ddg-2.0")),
    "a path to no rulebook": (added("rulebook: ../../../etc/passwd"), ("rulebook",)),
    "a rulebook file that is not there": (added("rulebook: /nowhere/own.yaml"), ("rulebook", "own.yaml")),
    "an unknown high risk": (added("high_risk: [hiv, nonsense]"), ("high_risk", "nonsense")),
    "a scope that is a word": (added("scope: year"), ("scope",)),
    "a scope of an unknown period": (changed("period: year", "period: fortnight"), ("scope", "fortnight")),
    "an earlier table that is not there": (added("already_public: [{table: earlier}]"), ("earlier",)),
    "an unknown subject": (added("subject: animals"), ("subject", "animals")),
    "words for yes and no": (added("personal_characteristics: maybe"), ("personal_characteristics", "maybe")),
    "a survey of nothing": (added("survey: {estimates: {}}"), ("survey",)),
}  # fmt: skip


def rows(old: str, new: str) -> Callable[[str], bytes]:
    return lambda text: changed(old, new)(text).encode()


def parquet(**columns: list[object]) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer, index=False)
    return buffer.getvalue()


def _of_text(text: str) -> bytes:
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(text)).to_parquet(buffer, index=False)
    return buffer.getvalue()


TABLES: dict[str, tuple[str, Callable[[str], bytes], tuple[str, ...]]] = {
    "nothing in it": ("csv", lambda _: b"", ("first line",)),
    "only line breaks": ("csv", lambda _: b"\n\n\n", ("first line",)),
    "only a byte order mark": ("csv", lambda _: b"\xef\xbb\xbf", ("first line",)),
    "only names": ("csv", lambda _: b"county,sex,cases\n", ("rows",)),
    "no names": ("csv", lambda text: text.partition("\n")[2].encode(), ("columns",)),
    "NUL bytes": ("csv", lambda text: text.encode() + b"\0\0\0\n", ("row",)),
    "random bytes": ("csv", lambda _: bytes(range(256)) * 4, ("UTF-8",)),
    "a gzip file": ("csv", lambda _: b"\x1f\x8b\x08\0" + bytes(64), ("UTF-8",)),
    "a zip file": ("csv", lambda _: b"PK\x03\x04" + bytes(64), ("columns",)),
    "UTF-16": ("csv", lambda text: text.encode("utf-16"), ("UTF-8",)),
    "Latin-1": ("csv", lambda text: text.replace("Alpha", "Añasco").encode("latin-1"), ("UTF-8",)),
    "semicolons": ("csv", lambda text: text.replace(",", ";").encode(), ("semicolons",)),
    "tabs": ("csv", lambda text: text.replace(",", "\t").encode(), ("tabs",)),
    "a column missing": ("csv", rows("county,sex,cases", "county,sex,case"), ("cases",)),
    "a column twice": ("csv", rows("county,sex,cases", "county,county,cases"), ("county",)),
    "a column without a name": ("csv", rows("county,sex,cases", ",sex,cases"), ("name every column",)),
    "a column more": ("csv", lambda text: text.replace("\n", ",1\n").replace("cases,1", "cases,x").encode(), ("x",)),
    "a row too short": ("csv", rows("Alpha,M,5", "Alpha,M"), ("row 2",)),
    "a row too long": ("csv", rows("Alpha,M,5", "Alpha,M,5,6"), ("row 2",)),
    "cut off in the middle": ("csv", lambda text: text[: text.index("Delta,M") + 6].encode(), ("row",)),
    "a quote that is not closed": ("csv", lambda text: text.encode() + b'"Alpha', ("CSV",)),
    "the same row twice": ("csv", lambda text: (text + "Alpha,F,4\n").encode(), ("twice", "county=Alpha")),
    "a row without a category": ("csv", lambda text: (text + ",F,4\n").encode(), ("no category",)),
    "a count with decimals": ("csv", rows("Alpha,F,4", "Alpha,F,4.5"), ("cases", "county=Alpha")),
    "a negative count": ("csv", rows("Alpha,F,4", "Alpha,F,-4"), ("cases", "county=Alpha")),
    "a count in words": ("csv", rows("Alpha,F,4", "Alpha,F,four"), ("cases", "county=Alpha")),
    "a formula as a count": ("csv", rows("Alpha,F,4", "Alpha,F,=1+3"), ("cases", "county=Alpha")),
    "infinity": ("csv", rows("Alpha,F,4", "Alpha,F,inf"), ("cases", "county=Alpha")),
    "not a number": ("csv", rows("Alpha,F,4", "Alpha,F,nan"), ("cases", "county=Alpha")),
    "an endless number": ("csv", rows("Alpha,F,4", "Alpha,F," + "9" * 400), ("cases", "county=Alpha")),
    "an exponent": ("csv", rows("Alpha,F,4", "Alpha,F,1e999"), ("cases", "county=Alpha")),
    "digits of another script": ("csv", rows("Alpha,F,4", "Alpha,F,\u0664"), ("cases", "county=Alpha")),
    "a label that is a formula": ("csv", lambda text: text.replace("Zeta", "=1+2").encode(), ("column county",)),
    "a label that starts a program": (
        "csv",
        lambda text: text.replace("Zeta", "+cmd|' /C calc'!A0").encode(),
        ("column county", "formula"),
    ),
    "a label that calls a function": ("csv", lambda text: text.replace("Zeta", "@A(1)").encode(), ("column county",)),
    "Parquet: nothing in it": ("parquet", lambda _: b"", ("Parquet",)),
    "Parquet: text": ("parquet", lambda text: text.encode(), ("Parquet",)),
    "Parquet: cut off": ("parquet", lambda text: _of_text(text)[:-9], ("Parquet",)),
    "Parquet: only its marks": ("parquet", lambda _: b"PAR1PAR1", ("Parquet",)),
    "Parquet: an endless footer": ("parquet", lambda _: b"PAR1" + struct.pack("<I", 1 << 31) + b"PAR1", ("Parquet",)),
    "Parquet: other columns": ("parquet", lambda _: parquet(a=[1], b=[2]), ("county",)),
    "Parquet: no rows": ("parquet", lambda _: parquet(county=[], sex=[], cases=[]), ("rows",)),
    "Parquet: lists": ("parquet", lambda _: parquet(county=["Alpha"], sex=["F"], cases=[[48613]]), ("column cases",)),
    "Parquet: bytes": ("parquet", lambda _: parquet(county=[b"\xff"], sex=["F"], cases=[48613]), ("column county",)),
    "Parquet: mappings": ("parquet", lambda _: parquet(county=[{"a": 1}], sex=["F"], cases=[1]), ("column county",)),
    "Parquet: yes and no": ("parquet", lambda _: parquet(county=["Alpha"], sex=["F"], cases=[True]), ("cases",)),
}  # fmt: skip

PROJECT = """\
sources: s
dbt_project: d
expectations: e
restricted: var/r
public: var/p
portal: var/o
dagster_home: var/h
"""
PROJECTS: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "nothing in it": ("", ("the whole",)),
    "a list": ("[sources]", ("the whole",)),
    "no YAML": ("sources: [", ("line 1",)),
    "a YAML bomb": (BOMB, ("an alias",)),
    "not UTF-8": (b"sources: \xff\xfe", ("UTF-8",)),
    "a key missing": (PROJECT.replace("portal: var/o\n", ""), ("portal",)),
    "a key more": (PROJECT + "skip_the_gate: true\n", ("skip_the_gate",)),
    "a path that is a number": (PROJECT.replace("var/o", "7"), ("portal",)),
    "an empty path": (PROJECT.replace("var/o", "''"), ("portal",)),
    "the same key twice": (PROJECT + "portal: x\n", ("portal for the second time",)),
    "the portal in the restricted directory": (PROJECT.replace("var/o", "var/r/o"), ("portal", "apart")),
    "the restricted directory in the portal": (PROJECT.replace("var/r", "var/o/r"), ("portal", "apart")),
    "the portal is the restricted directory": (PROJECT.replace("var/o", "var/r"), ("portal", "apart")),
    "the store in the restricted directory by a detour": (
        PROJECT.replace("var/p", "var/x/../r/p"),
        ("public", "apart"),
    ),
    "Dagster in the restricted directory": (PROJECT.replace("var/h", "var/r/h"), ("dagster_home", "apart")),
    "everything at the root": (PROJECT.replace("var/r", "/"), ("apart",)),
}  # fmt: skip

OVERRIDE = "overrides: {thresholds.denominator: {value: 30000, source: ours, reason: made up}}\n"
RULEBOOKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing in it": ("", ("own.yaml",)),
    "a list": ("- a\n", ("own.yaml",)),
    "no YAML": ("extends: [", ("own.yaml", "line 1")),
    "a YAML bomb": (BOMB, ("own.yaml", "an alias")),
    "a base that is not there": (
        "name: own\ntitle: Own\nextends: calhhs-ddg-9\n" + OVERRIDE,
        ("own.yaml", "calhhs-ddg-9"),
    ),
    "itself as its base": ("extends: own.yaml\n", ("own.yaml",)),
    "an unknown key": ("extends: calhhs-ddg-2.0\nnonsense: 1\n", ("own.yaml", "nonsense")),
    "no reason": ("extends: calhhs-ddg-2.0\nedition: {}\n", ("own.yaml",)),
}


@pytest.fixture
def planted(text):
    """The contract, and the table with a figure in it that must not come out again."""
    return text[0], text[1].replace("State,All,1013", f"State,All,{FIGURE}")


@pytest.fixture
def refused(ddg, tmp_path):
    """Run a command, and expect it to refuse what it was given, to say where and what, and to write nothing."""

    def run(place, says, *arguments):
        before = sorted(tmp_path.rglob("*"))
        answer = ddg(*arguments)
        assert answer.code == 2, answer
        assert answer.out == ""
        assert place in answer.err
        for text in says:
            assert text in answer.err, answer.err
        assert FIGURE not in answer.err
        assert "internal error" not in answer.err
        assert sorted(tmp_path.rglob("*")) == before
        assert len(answer.err) < 20_000

    return run


def ids(cases):
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


class TestContracts:
    @ids(CONTRACTS)
    def test_are_refused_by_the_key_that_is_wrong(self, refused, files, planted, case, tmp_path):
        change, says = case
        contract, table = files(contract__yaml=change(planted[0]), table__csv=planted[1])
        command = "mask" if "links" not in says else "assess"
        output = ("-o", tmp_path / "out") if command == "mask" else ()
        refused("contract.yaml", says, command, contract, table, *output)


class TestTables:
    @ids(TABLES)
    def test_are_refused_by_the_row_or_column_that_is_wrong(self, refused, files, planted, case, tmp_path):
        ending, content, says = case
        contract, table = files(contract__yaml=planted[0], **{f"table__{ending}": content(planted[1])})
        refused(f"table.{ending}", says, "mask", contract, table, "-o", tmp_path / "out")


class TestProjects:
    @ids(PROJECTS)
    def test_are_refused_by_the_key_that_is_wrong(self, refused, files, case, tmp_path):
        content, says = case
        files(ddg__yaml=content)
        refused("ddg.yaml", says, "run", "--project", tmp_path)


class TestRulebooks:
    @ids(RULEBOOKS)
    def test_are_refused_by_the_key_that_is_wrong(self, refused, files, planted, case):
        content, says = case
        contract, table, _ = files(
            contract__yaml=planted[0] + "rulebook: own.yaml\n", table__csv=planted[1], own__yaml=content
        )
        refused("own.yaml", says, "assess", contract, table)


def test_the_corpus_has_at_least_a_hundred_cases():
    assert len(CONTRACTS) + len(TABLES) + len(PROJECTS) + len(RULEBOOKS) >= 100
