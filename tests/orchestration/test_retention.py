"""What is removed from the restricted store, when, and what is never."""

from __future__ import annotations

import shutil

import pytest

from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.retention import clean, clean_after_release
from ddg_pipeline.orchestration.unfinished import begin, finish, unfinished


@pytest.fixture
def manifest(small):
    return read_manifest(ensure_manifest(small.project))


@pytest.fixture
def policy(small):
    """Write a policy into ``ddg.yaml``, and give the project that has it."""

    def write(text):
        with (small.root / "ddg.yaml").open("a", encoding="utf-8") as file:
            file.write(f"retention: {text}\n")
        return load_project(small.root)

    return write


def bytes_of_the_store(project):
    return b"".join(path.read_bytes() for path in project.restricted.glob("restricted.duckdb*"))


class TestIntermediates:
    def test_stay_where_nobody_says_otherwise(self, small, manifest):
        before = small.project.restricted_store.tables()
        assert clean(small.project, manifest) == []
        assert small.project.restricted_store.tables() == before

    def test_go_when_every_release_has_passed_the_gate(self, small, manifest):
        assert b"Quillfeather" in bytes_of_the_store(small.project)
        removed = clean(small.project, manifest, intermediates=True)
        assert {"table source.cases", "table aggregates.by_sex", "staged/by_sex", "staged/statewide"} <= set(removed)
        assert bytes_of_the_store(small.project) == b""
        assert list((small.project.restricted / "staged").iterdir()) == []

    def test_of_a_release_that_failed_stay_with_all_they_are_made_of(self, small, manifest):
        begin(small.project, ["by_sex"])
        removed = clean(small.project, manifest, intermediates=True)
        assert small.project.restricted_store.tables() == [
            ("aggregates", "by_age"), ("aggregates", "by_sex"), ("source", "cases"), ("staging", "stg_cases"),
        ]  # fmt: skip
        assert {"table aggregates.statewide", "staged/statewide"} <= set(removed)
        assert {path.name for path in (small.project.restricted / "staged").iterdir()} == {"by_age", "by_sex"}
        assert small.project.restricted_store.row_count("aggregates", "by_sex") > 0

    def test_that_are_gone_leave_no_page(self, small, manifest):
        with small.project.restricted_store.connect() as connection:
            connection.execute("CREATE TABLE main.planted AS SELECT 'Zanzibar' || i AS who FROM range(1000) r(i)")
        assert b"Zanzibar" in bytes_of_the_store(small.project)
        begin(small.project, ["statewide"])
        before = len(bytes_of_the_store(small.project))
        removed = clean(small.project, manifest, intermediates=True)
        assert "table main.planted" in removed
        assert b"Zanzibar" not in bytes_of_the_store(small.project)
        assert len(bytes_of_the_store(small.project)) < before

    def test_are_not_needed_by_the_public(self, small, manifest):
        public = small.public_bytes()
        clean(small.project, manifest, intermediates=True)
        assert small.public_bytes() == public
        assert small.materialize("by_sex/publication", "by_age/publication").success

    def test_stay_while_a_release_of_the_run_is_to_come(self, small, manifest, policy):
        project = policy("{after_release: remove}")
        begin(project, ["statewide"])
        assert clean_after_release(project, manifest, ["statewide", "by_sex"]) == []
        finish(project, ["statewide"])
        assert "table source.cases" in clean_after_release(project, manifest, ["statewide", "by_sex"])


class TestARunWithAPolicyThatRemoves:
    @pytest.mark.thorough
    def test_removes_at_its_end_and_can_be_run_again(self, small, policy, ddg):
        project = policy("{after_release: remove, proofs: 1}")
        for _ in range(2):
            answer = ddg("run", "--json")
            assert answer.code == 0, answer.err
            assert all(outcome["published"] for outcome in answer.json["outcomes"])
            assert bytes_of_the_store(project) == b""
            assert not list(project.restricted.glob("staged/*"))
            assert len(list(project.proofs("by_sex").iterdir())) == 1
            assert unfinished(project) == set()
        newest = project.public_store.current("by_sex").name
        assert [path.stem for path in project.proofs("by_sex").iterdir()] == [newest]

    @pytest.mark.thorough
    def test_keeps_everything_of_a_release_that_does_not_pass(self, small, policy, ddg):
        project = policy("{after_release: remove}")
        (project.expectations / "statewide.json").write_text("{}", encoding="utf-8")
        assert ddg("run", "--quiet").code == 1
        assert unfinished(project) == {"statewide"}
        tables = project.restricted_store.tables()
        assert {("source", "cases"), ("aggregates", "statewide")} <= set(tables)
        assert project.staged("statewide").is_dir()


class TestStepsInDagster:
    def test_note_what_is_under_way_until_it_passes(self, small):
        assert small.materialize("statewide/masked").success
        assert unfinished(small.project) == {"statewide"}
        assert small.materialize("statewide/release").success
        assert unfinished(small.project) == set()

    @pytest.mark.thorough
    def test_keep_a_release_that_failed_under_way(self, small):
        assert small.materialize("statewide/masked").success
        small.staged("statewide").write_text("x\n", encoding="utf-8")
        assert not small.materialize("statewide/release").success
        assert unfinished(small.project) == {"statewide"}


class TestProofs:
    def test_of_the_newest_versions_stay(self, small, manifest, policy):
        place = small.project.proofs("by_sex")
        for number in (2, 9, 10):
            (place / f"{number}.parquet").write_bytes(b"x")
        self.make_current(small, 10)
        removed = clean(policy("{proofs: 2}"), manifest)
        assert removed == ["proofs/by_sex/1.parquet", "proofs/by_sex/2.parquet"]
        assert sorted(path.name for path in place.iterdir()) == ["10.parquet", "9.parquet"]

    def test_one_of_a_version_that_never_became_public_does_not_take_the_place_of_another(
        self, small, manifest, policy
    ):
        place = small.project.proofs("by_sex")
        for number in (2, 3):
            (place / f"{number}.parquet").write_bytes(b"x")
        self.make_current(small, 2)
        removed = clean(policy("{proofs: 1}"), manifest)
        assert removed == ["proofs/by_sex/1.parquet", "proofs/by_sex/3.parquet"]
        assert [path.name for path in place.iterdir()] == ["2.parquet"]

    @staticmethod
    def make_current(small, number):
        first = small.released("by_sex")
        shutil.copytree(first, first.with_name(str(number)))
        link = first.parent.parent / "current"
        link.unlink()
        link.symlink_to(f"versions/{number}")


class TestMessagesOfDbt:
    def test_of_the_newest_failed_runs_stay(self, small, manifest, policy):
        import os

        for number in range(3):
            run = small.project.dbt_runs / f"run{number}"
            run.mkdir(parents=True)
            os.utime(run, ns=(number, number))
        assert clean(policy("{failed_runs: 1}"), manifest) == ["dbt/runs/run0", "dbt/runs/run1"]


class TestThePolicy:
    @pytest.mark.parametrize(
        ("text", "field"),
        [
            ("{after_release: perhaps}", "retention.after_release"),
            ("{proofs: 0}", "retention"),
            ("{proofs: -1}", "retention"),
            ("{proofs: some}", "retention.proofs"),
            ("{failed_runs: 1.5}", "retention.failed_runs"),
            ("{after: remove}", "retention.after"),
            ("remove", "retention"),
        ],
    )
    def test_that_cannot_be_understood_is_bad_input(self, small, policy, ddg, text, field):
        from ddg_pipeline.errors import InputErrors

        with pytest.raises(InputErrors) as caught:
            policy(text)
        assert f"ddg.yaml: {field}" in str(caught.value)
        assert "after_release (keep or remove), proofs and failed_runs (all, or a number)" in str(caught.value)


class TestCleaningByHand:
    def test_prints_what_it_removed(self, small, ddg):
        answer = ddg("store", "clean", "--intermediates")
        assert answer.code == 0
        assert "table source.cases\n" in answer.out
        assert "staged/by_sex\n" in answer.out
        assert "Quillfeather" not in answer.out
        assert ddg("store", "clean").out == "nothing to remove\n"

    def test_does_not_do_so_while_a_run_is_there(self, small, ddg, policy):
        import threading

        from ddg_pipeline.orchestration.store_work import exclusive

        with (small.root / "ddg.yaml").open("a", encoding="utf-8") as file:
            file.write("store_wait: 0\n")
        there, done = threading.Event(), threading.Event()

        def other():
            with exclusive(small.project):
                there.set()
                done.wait()

        thread = threading.Thread(target=other)
        thread.start()
        there.wait()
        try:
            answer = ddg("store", "clean", "--intermediates")
        finally:
            done.set()
            thread.join()
        assert answer.code == 1
        assert "another run is using the restricted store" in answer.err
        assert ("source", "cases") in small.project.restricted_store.tables()
