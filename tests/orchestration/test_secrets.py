"""Nothing of the restricted store leaves it: not into logs, events, messages, pages or files, whatever goes wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import sqlite3
import zipfile
import zlib
from contextlib import closing

import duckdb
import pyarrow.parquet as pq
import pytest

WORDS = ["Quillfeather"]  # who reported a case: in every row of the source, in no release
FIGURES = [
    "23107", "25506", "27109", "29611",  # cells of the source
    "48613", "56720", "50216", "55117",  # counts that are hidden to protect others
    "784.75", "712.5", "4861300", "5672000",  # amounts behind hidden counts
]  # fmt: skip
_WORD = re.compile("|".join(WORDS))
_FIGURE = re.compile(r"(?<![0-9A-Za-z.\-])(?:" + "|".join(map(re.escape, FIGURES)) + r")0?(?![0-9A-Za-z\-])")


def texts_of(path):
    """Give everything that is written in a file, also inside archives and databases."""
    content = path.read_bytes()
    if content.startswith(b"SQLite format 3"):
        yield from _rows_of(path)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    elif content.startswith(b"PAR1"):
        yield pq.read_table(io.BytesIO(content)).to_pandas().to_csv()
    else:
        yield (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content).decode("utf-8", "replace")


def _rows_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f'select * from "{table}"'):
                yield from (_unpacked(value).decode("utf-8", "replace") for value in row if isinstance(value, bytes))
                yield from (str(value) for value in row if not isinstance(value, bytes))


def _unpacked(value):
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def leaks(root):
    """List where a secret stands outside the restricted directory and the source itself."""
    found = []
    kept_away = [root / "var" / "restricted", root / "cases.csv"]
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(place) for place in kept_away):
            for text in texts_of(path):
                found += [f"{path.relative_to(root)}: {match}" for match in secrets_in(text)]
    return found


def secrets_in(text):
    return _WORD.findall(text) + _FIGURE.findall(text)


class TestTheSearch:
    """What the other tests rely on: the secrets are there to be found, and would be found."""

    def test_the_restricted_store_holds_them(self, small):
        with duckdb.connect(str(small.project.restricted_store.path), read_only=True) as store:
            reporters = store.sql("select distinct reporter from source.cases").fetchall()
            counts = store.sql("select cases::text, charges::text from aggregates.by_sex").fetchall()
        assert any(secrets_in(name) for (name,) in reporters)
        assert {"48613", "56720"} <= {match for row in counts for text in row for match in secrets_in(text)}

    def test_it_looks_into_databases_and_archives(self, tmp_path):
        with closing(sqlite3.connect(tmp_path / "events.db")) as database:
            database.execute("create table events (text, packed)")
            database.execute("insert into events values (?, ?)", ("cases: 48613;", zlib.compress(b"Quillfeather")))
            database.commit()
        (tmp_path / "log.gz").write_bytes(gzip.compress(b"charges=784.75"))
        with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
            archive.writestr("a", "56720 people")
        duckdb.sql(f"copy (select 50216 as people) to '{tmp_path / 'proof.parquet'}'")
        assert len(leaks(tmp_path)) == 5

    def test_it_is_not_misled_by_hashes_and_times(self):
        assert not secrets_in("a148613f-48613-… 1763928000.48613 4861312")


class TestAGoodRun:
    def test_leaves_no_trace(self, small, ddg):
        answer = ddg("run")
        assert answer.code == 0, answer.err
        assert not secrets_in(answer.out + answer.err)
        assert leaks(small.root) == []

    def test_the_proof_stays_where_the_counts_are(self, small, ddg):
        """It narrows hidden counts down; and by its hash, who guesses the counts could check the guess."""
        answer = ddg("run")
        assert answer.code == 0, answer.err
        proofs = list(small.project.restricted.rglob("*.parquet"))
        assert len(proofs) == 6, "staged and kept twice, of two releases"
        assert {path.stat().st_mode & 0o777 for path in proofs} == {0o600}
        hashes = {hashlib.new(name, path.read_bytes()).hexdigest() for path in proofs for name in ("sha256", "md5")}
        others = [
            path
            for path in small.root.rglob("*")
            if path.is_file() and not path.is_symlink() and not path.is_relative_to(small.project.restricted)
        ]
        assert not [path for path in others if path.read_bytes().startswith(b"PAR1") or "proof" in path.name]
        assert not [path for path in others for text in texts_of(path) for hash_ in hashes if hash_ in text]

    def test_what_only_changes_behind_suppressed_cells_changes_nothing_to_be_seen(self, small):
        """Two counties swap a case between the sexes: every published byte and everything in Dagster stays the same."""
        steps = [
            "by_sex/masked",
            "by_age/masked",
            "by_sex/release",
            "by_age/release",
            "by_sex/publication",
            "by_age/publication",
        ]

        def seen():
            assert small.materialize(*steps).success
            shown = {step: {k: str(v.value) for k, v in small.latest(step).items()} for step in steps}
            files = {path.name: path.read_bytes() for path in small.published("by_sex").iterdir()}
            return shown, files

        shown_before, files_before = seen()
        with duckdb.connect(str(small.project.restricted_store.path)) as store:
            for county, sex, change in (("Alpha", "F", 1), ("Alpha", "M", -1), ("Beta", "F", -1), ("Beta", "M", 1)):
                store.execute(
                    f"update aggregates.by_sex set cases = cases + {change} where county = ? and sex = ?", [county, sex]
                )
        shown_after, files_after = seen()
        of_this_run = {"path", "certificate_issued_at", "certificate_sha256", "replaced", "files"}
        for step in steps:
            same = [
                {k: v for k, v in shown[step].items() if k not in of_this_run} for shown in (shown_before, shown_after)
            ]
            assert same[0] == same[1]
        assert files_before.pop("certificate.json") != files_after.pop("certificate.json"), "it is dated"
        assert files_before == files_after


class TestAFailure:
    """It says where, and quotes nothing."""

    @pytest.fixture
    def failing(self, small, ddg):
        def run(code, *says):
            before = small.public_bytes()
            answer = ddg("run")
            assert answer.code == code, answer
            told = answer.out.replace("\n", "")
            for text in says:
                assert text in told, answer.out
            assert not secrets_in(answer.out + answer.err)
            assert leaks(small.root) == []
            assert small.public_bytes() == before

        return run

    def test_of_dbt_s_models_and_tests(self, small, failing):
        """DuckDB's message quotes the text that it cannot convert, dbt repeats it, and Dagster would record that."""
        models, tests = small.project.dbt_project / "models", small.project.dbt_project / "tests"
        small.edit(models / "aggregates" / "by_sex.sql", "sum(cases)", "sum(cases + 0 * cast(reporter as integer))")
        declared = models / "aggregates" / "releases.yml"
        checked = "columns: [{name: age_group, data_tests: [{accepted_values: {arguments: {values: [All]}}}]}]"
        small.edit(declared, "from the same records.\n", f"from the same records.\n    {checked}\n")
        tests.mkdir()
        rows = "from {{ ref('stg_cases') }} cross join {{ ref('statewide') }}"
        (tests / "broken.sql").write_text(f"select * {rows} where cast(reporter as integer) = 1\n")
        failing(
            1, "dbt:", "model.small.by_sex", "accepted_values_by_age_age_group__All", "test.small.broken", "output.log"
        )
        log = next(path for path in (small.project.restricted / "dbt" / "runs").rglob("output.log"))
        assert "Quillfeather" in log.read_text(), "dbt did quote it, where only the department can read it"

    def test_of_a_source_with_a_bad_row(self, small, failing):
        small.edit(small.root / "cases.csv", "F,0-39,23107,", "F,0-39,23107 or so,")
        failing(2, "cases.csv", "cases")

    def test_of_a_source_with_another_column(self, small, failing):
        small.edit(small.root / "cases.csv", "charges\n", "costs\n")
        failing(2, "charges", "costs")

    def failed_step(self, small, capfd, *says):
        before = small.public_bytes()
        capfd.readouterr()
        events = small.materialize("by_sex/masked", "by_age/masked", "by_sex/release", "by_age/release")
        assert not events.success
        for text in says:
            assert text in events.failures, events.failures
        assert not secrets_in("".join(capfd.readouterr()))
        assert leaks(small.root) == []
        assert small.public_bytes() == before

    def test_of_masking_a_table_that_cannot_be_protected(self, small, capfd):
        """A county whose small total is the sum of two cells can never be 1, as this level asks for."""
        releases = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        small.edit(releases, "suppression: {show_reason", "suppression: {level: full, show_reason")
        with duckdb.connect(str(small.project.restricted_store.path)) as store:
            for table, cell, change in (("by_sex", "sex = 'M'", 27), ("by_age", "age_group = '40+'", 27)):
                for county in ("Alpha", "State"):
                    where = f"county = '{county}' and ({cell} or {cell.split(' ')[0]} = 'All')"
                    store.execute(f"update aggregates.{table} set cases = cases - {change} where {where}")
        self.failed_step(small, capfd, "cannot be protected at level 'full'", "county=Alpha")

    def test_of_a_table_with_direct_identifiers(self, small, capfd):
        """The labels no longer fit the contract either, and that error would name rows by them."""
        with duckdb.connect(str(small.project.restricted_store.path)) as store:
            store.execute("update aggregates.by_sex set county = '123-45-6789' where county = 'Alpha'")
            store.execute("insert into aggregates.by_sex from aggregates.by_sex where county = '123-45-6789'")
        capfd.readouterr()
        events = small.materialize("by_sex/masked", "by_age/masked")
        assert not events.success
        assert "a social security number" in events.failures
        assert "6789" not in events.failures + "".join(capfd.readouterr())

    def test_of_something_unforeseen(self, small, capfd, monkeypatch):
        """An exception of a library may say anything, in its message and in those that it came from."""
        from ddg_pipeline.orchestration import steps

        def broken(*_given):
            raise ValueError("could not convert 48613") from KeyError("Quillfeather")

        monkeypatch.setattr(steps, "read_group", broken)
        self.failed_step(small, capfd, "internal error: ValueError at test_secrets.py:")
