"""A project whose restricted store has a key: the whole road, and nothing of it in the clear."""

from __future__ import annotations

import pytest
from leaks.planted import planted
from leaks.search import Search
from leaks.sentinels import Sentinels
from orchestration.conftest import RELEASES

from ddg_pipeline.errors import InputError
from ddg_pipeline.orchestration.store_keys import change_key
from ddg_pipeline.warehouse.encryption import Encryption
from ddg_pipeline.warehouse.sealed import is_sealed

pytestmark = pytest.mark.thorough


@pytest.fixture
def small(encrypted, monkeypatch):
    """The project with a key, so that ``ddg`` runs in it."""
    return encrypted.small


@pytest.fixture
def key(encrypted):
    return encrypted.key


@pytest.fixture
def other_key(encrypted):
    return encrypted.other_key


def found_in_the_clear(small):
    """Secrets of the data below the restricted directory, looked for as outside it."""
    return Search(planted()).trees([small.project.restricted])


class TestARun:
    def test_publishes_every_release(self, small):
        assert {release for release in RELEASES if small.published(release).is_dir()} == set(RELEASES)

    def test_leaves_nothing_of_the_data_in_the_clear(self, small):
        assert small.project.restricted_store.row_count("source", "cases") > 0
        assert found_in_the_clear(small) == []

    def test_leaves_the_key_nowhere(self, small, key):
        assert Search(Sentinels((key,), ("987654321",))).trees([small.root]) == []  # no figure, but there has to be one

    def test_leaves_everything_to_its_owner(self, small):
        modes = {
            path.relative_to(small.root): path.stat().st_mode & 0o077 for path in small.project.restricted.rglob("*")
        }
        assert modes
        assert not any(modes.values()), [path for path, mode in modes.items() if mode]

    def test_leaves_no_temporary_file(self, small):
        assert list(small.project.restricted_store.temporary.iterdir()) == []

    def test_seals_what_is_staged_and_every_proof(self, small):
        for pattern in ("staged/*/prepared.json", "staged/by_sex/proof.parquet", "proofs/*/*.parquet"):
            files = list(small.project.restricted.glob(pattern))
            assert files
            assert all(is_sealed(path.read_bytes()) for path in files)


class TestAFailureOfDbt:
    @pytest.fixture
    def failed(self, small):
        """A model that DuckDB refuses with a message that quotes a value."""
        model = small.project.dbt_project / "models" / "aggregates" / "statewide.sql"
        model.write_text("select cast(reporter as integer) as cases from {{ ref('stg_cases') }}", encoding="utf-8")
        return small.materialize("staging/stg_cases", "aggregates/statewide")

    def test_keeps_its_messages_sealed(self, small, failed, ddg):
        assert not failed.success
        assert "which may quote the data:\n  ddg store show dbt/runs/" in failed.failures
        assert found_in_the_clear(small) == []
        (messages,) = small.project.dbt_runs.glob("*/*")
        answer = ddg("store", "show", str(messages.relative_to(small.project.restricted)))
        assert answer.code == 0
        assert "Quillfeather" in answer.out
        assert "Quillfeather" not in failed.failures


class TestAWrongKey:
    @pytest.mark.parametrize(
        ("value", "told"),
        [(None, "is not this store's"), ("", "found no key: it is not set"), ("short", "that can be guessed")],
    )
    def test_is_bad_input_before_anything_is_done(self, small, ddg, monkeypatch, key, other_key, value, told):
        value = other_key if value is None else value
        monkeypatch.setenv("DDG_RESTRICTED_KEY", value)
        before = small.project.restricted_store.path.read_bytes()
        answer = ddg("run", "--json")
        assert answer.code == 2
        assert told in answer.out
        assert key not in answer.out + answer.err
        assert other_key not in answer.out + answer.err
        assert "Traceback" not in answer.err
        assert small.project.restricted_store.path.read_bytes() == before

    def test_without_the_plugin_in_dbt_s_profile_is_told(self, small, ddg):
        profile = small.project.dbt_project / "profiles.yml"
        small.edit(profile, "ddg_pipeline.orchestration.dbt_plugin", "excel")
        answer = ddg("run")
        assert answer.code == 2
        assert "no plugin that opens an encrypted store" in answer.err
        assert "module: ddg_pipeline.orchestration.dbt_plugin" in answer.err


class TestTheKeyIsChanged:
    def test_to_another(self, small, ddg, monkeypatch, other_key):
        answer = ddg("store", "rekey", "--to-variable", "OTHER_KEY")
        assert answer.code == 0, answer.err
        assert "from now on the variable DDG_RESTRICTED_KEY has to hold the new key" in answer.out
        assert ddg("store", "status").code == 2
        monkeypatch.setenv("DDG_RESTRICTED_KEY", other_key)
        answer = ddg("store", "status", "--json")
        assert (answer.code, answer.json["encrypted"], answer.json["unfinished"]) == (0, True, [])
        proof = next(small.project.proofs("by_sex").iterdir())
        assert small.project.sealed_files.read(proof).startswith(b"PAR1")
        assert found_in_the_clear(small) == []

    def test_to_none_and_back(self, small, ddg):
        assert ddg("store", "decrypt").code == 0
        assert found_in_the_clear(small) != []
        assert ddg("store", "status").code == 2
        answer = ddg("store", "encrypt")
        assert answer.code == 0, answer.err
        assert found_in_the_clear(small) == []
        assert small.project.restricted_store.row_count("source", "cases") > 0

    def test_again_after_a_crash_goes_on(self, small, monkeypatch):
        from ddg_pipeline.orchestration import store_keys

        old, new = small.project.encryption, Encryption("test", "variable", "OTHER_KEY")

        def crash(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(store_keys, "encrypt_anew", crash)
            with pytest.raises(KeyboardInterrupt):
                change_key(small.project, old, new)
        assert change_key(small.project, old, new) == [small.project.restricted_store.path]
        assert change_key(small.project, old, new) == []

    def test_to_one_that_is_missing_changes_nothing(self, small, ddg, monkeypatch):
        before = {path: path.read_bytes() for path in small.project.restricted.rglob("*") if path.is_file()}
        monkeypatch.delenv("OTHER_KEY")
        assert ddg("store", "rekey", "--to-variable", "OTHER_KEY").code == 2
        assert {path: path.read_bytes() for path in before} == before

    def test_from_a_wrong_one_changes_nothing(self, small):
        before = {path: path.read_bytes() for path in small.project.restricted.rglob("*") if path.is_file()}
        with pytest.raises(InputError, match="is not this store's"):
            change_key(small.project, Encryption("test", "variable", "OTHER_KEY"), None)
        assert {path: path.read_bytes() for path in before} == before

    def test_needs_one_place(self, ddg):
        assert ddg("store", "rekey").code == 2
        assert ddg("store", "rekey", "--to-variable", "A", "--to-file", "b").code == 2


class TestWhatAKilledRunLeaves:
    def test_is_put_in_order_by_the_next_work(self, small, ddg):
        runs, temporary = small.project.dbt_runs, small.project.restricted_store.temporary
        (runs / "killed" / "compiled").mkdir(parents=True)
        for path in (runs / "killed" / "run_results.json", runs / "killed" / "compiled" / "m.sql", temporary / "spill"):
            path.write_text("Quillfeather", encoding="utf-8")
            path.chmod(0o644)
        assert ddg("store", "clean").code == 0
        assert found_in_the_clear(small) == []
        assert list(temporary.iterdir()) == []
        assert not (runs / "killed").exists()
