"""Nothing of the restricted store leaves it: not into logs, events, messages, pages or files, whatever goes wrong."""

from __future__ import annotations

import hashlib

import duckdb
import pytest
from leaks.planted import outside, planted
from leaks.search import Search
from leaks.sentinels import Sentinels

SENTINELS = planted()


def secrets_in(text):
    return SENTINELS.in_text(text)


def leaks(root):
    """List where a sentinel stands outside the restricted directory and the source itself."""
    return outside(root).found


class TestTheSearch:
    """What the other tests rely on: the secrets are there to be found, and would be found."""

    def test_the_restricted_store_holds_them(self, small):
        with duckdb.connect(str(small.project.restricted_store.path), read_only=True) as store:
            reporters = store.sql("select distinct reporter from source.cases").fetchall()
            counts = store.sql("select cases::text, charges::text from aggregates.by_sex").fetchall()
        assert any(secrets_in(name) for (name,) in reporters)
        assert {"48613", "56720"} <= {match for row in counts for text in row for match in secrets_in(text)}

    @pytest.mark.thorough
    def test_they_are_found_where_the_store_is_copied_to(self, small):
        """In the bytes of a DuckDB file that lies outside."""
        copy = small.root / "var" / "portal" / "copy.duckdb"
        copy.write_bytes(small.project.restricted_store.path.read_bytes())
        found = " ".join(leaks(small.root))
        assert {"Quillfeather", "48613"} <= set(found.replace(":", " ").split())


class TestAGoodRun:
    def test_leaves_no_trace(self, small, ddg, monkeypatch, tmp_path):
        """Neither in the project, nor among temporary files, nor at home."""
        elsewhere = [tmp_path / "temporary", tmp_path / "home"]
        for place, name in zip(elsewhere, ("TMPDIR", "HOME"), strict=True):
            place.mkdir()
            monkeypatch.setenv(name, str(place))
        monkeypatch.setattr("tempfile.tempdir", str(elsewhere[0]))
        (elsewhere[1] / ".bash_history").write_text("ddg run\n")
        answer = ddg("run")
        assert answer.code == 0, answer.err
        assert not secrets_in(answer.out + answer.err)
        search = outside(small.root, elsewhere)
        assert search.found == []
        assert search.files > 60
        assert search.parts > 5, "what is packed is looked into"
        assert (elsewhere[1] / ".bash_history").read_text() == "ddg run\n"

    @pytest.mark.thorough
    def test_the_proof_stays_where_the_counts_are(self, small, ddg):
        """It narrows hidden counts down; and by its hash, who guesses the counts could check the guess."""
        answer = ddg("run")
        assert answer.code == 0, answer.err
        proofs = list(small.project.restricted.rglob("*.parquet"))
        assert len(proofs) == 6, "staged and kept twice, of two releases"
        assert {path.stat().st_mode & 0o777 for path in proofs} == {0o600}
        hashes = [hashlib.new(name, path.read_bytes()).hexdigest() for path in proofs for name in ("sha256", "md5")]
        others = [
            path
            for path in small.root.rglob("*")
            if path.is_file() and not path.is_symlink() and not path.is_relative_to(small.project.restricted)
        ]
        assert not [path for path in others if path.read_bytes().startswith(b"PAR1") or "proof" in path.name]
        search = Search(Sentinels(tuple(hashes), ("8675309",)))
        for path in others:
            search.file(path)
        assert search.found == []

    @pytest.mark.thorough
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
        for release in ("by_sex", "by_age"):  # as if that version had never been
            (small.project.public / "ledger" / release / "2.json").unlink()
            current = small.project.public / "releases" / release / "current"
            current.unlink()
            current.symlink_to("versions/1")
        shown_after, files_after = seen()
        of_this_run = {"path", "certificate_issued_at", "certificate_sha256", "replaced", "files"}
        of_this_run |= {"dossier", "expert_determination", "seconds_in_the_gate"}
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

    @pytest.mark.thorough
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
        failing(1, "dbt:", "- model by_sex (", "accepted_values_by_age_age_group__All", "- test broken (", "output.log")
        log = next(path for path in (small.project.restricted / "dbt" / "runs").rglob("output.log"))
        assert "Quillfeather" in log.read_text(), "dbt did quote it, where only the department can read it"

    @pytest.mark.thorough
    def test_of_a_source_with_a_bad_row(self, small, failing):
        small.edit(small.root / "cases.csv", "F,0-39,23107,", "F,0-39,23107 or so,")
        failing(2, "cases.csv", "cases")

    @pytest.mark.thorough
    def test_of_a_source_with_another_column(self, small, failing):
        small.edit(small.root / "cases.csv", "charges\n", "costs\n")
        failing(2, "charges", "costs")

    def failed_step(self, small, capfd, *says, steps=("masked", "release")):
        before = small.public_bytes()
        capfd.readouterr()
        events = small.materialize(*(f"{release}/{step}" for step in steps for release in ("by_sex", "by_age")))
        assert not events.success
        for text in says:
            assert text in events.failures, events.failures
        assert not secrets_in("".join(capfd.readouterr()))
        assert leaks(small.root) == []
        assert small.public_bytes() == before

    @pytest.mark.thorough
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

    def test_of_the_gate(self, small, capfd):
        """Someone put hidden counts back, a small one and one that was hidden to protect it."""
        staged = small.staged("by_sex")
        small.edit(staged, "Alpha,F,,1,", "Alpha,F,7,1,")
        line = next(line for line in staged.read_text().splitlines() if line.startswith("Zeta,F,"))
        small.edit(staged, line, line.replace("Zeta,F,,", "Zeta,F,48613,"))
        self.failed_step(small, capfd, "by_sex", "did not pass the gate", steps=["release"])

    @pytest.mark.thorough
    def test_of_a_publication_that_is_refused(self, small, capfd):
        small.edit(small.released("by_sex") / small.staged("by_sex").name, "Delta,F,84,", "Delta,F,85,")
        self.failed_step(small, capfd, "the certificate is void", steps=["publication"])

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

    @pytest.mark.thorough
    def test_of_something_unforeseen(self, small, capfd, monkeypatch):
        """An exception of a library may say anything, in its message and in those that it came from."""
        from ddg_pipeline.orchestration import steps

        def broken(*_given):
            raise ValueError("could not convert 48613") from KeyError("Quillfeather")

        monkeypatch.setattr(steps, "read_group", broken)
        self.failed_step(small, capfd, "internal error: ValueError at test_secrets.py:")
