"""``ddg.yaml``: where a project keeps what it reads and writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.elsewhere import declared_sources
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.quality import Signing

TEXT = """\
sources: sources.yaml
dbt_project: dbt
expectations: expectations
restricted: var/restricted
public: var/public
portal: var/portal
dagster_home: var/dagster
"""


HERE, ELSEWHERE = ({"metadata": {"adapter_type": name}} for name in ("duckdb", "postgres"))


@pytest.fixture
def project(tmp_path):
    def load(text=TEXT, **changed):
        for key, value in changed.items():
            lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.splitlines()]
            text = "\n".join(lines) + "\n"
        (tmp_path / "ddg.yaml").write_text(text)
        return load_project(tmp_path)

    return load


class TestPlaces:
    def test_they_are_relative_to_the_file(self, project, tmp_path):
        found = project()
        assert found.root == tmp_path
        assert found.sources == tmp_path / "sources.yaml"
        assert found.staged("by_sex").is_relative_to(tmp_path / "var" / "restricted")
        assert found.manifest.is_relative_to(tmp_path / "var" / "restricted")

    def test_they_may_be_anywhere(self, project, tmp_path):
        assert project(restricted=tmp_path / "elsewhere").restricted == tmp_path / "elsewhere"

    def test_variables_of_the_environment_may_stand_in_them(self, project, tmp_path, monkeypatch):
        monkeypatch.setenv("STORE", str(tmp_path / "store"))
        assert project(restricted="${STORE}/a").restricted == tmp_path / "store" / "a"

    def test_the_directory_comes_from_the_environment_or_is_the_working_one(self, project, tmp_path, monkeypatch):
        project()
        monkeypatch.setenv("DDG_PROJECT", str(tmp_path))
        assert load_project().root == tmp_path
        monkeypatch.delenv("DDG_PROJECT")
        monkeypatch.chdir(tmp_path)
        assert load_project().root == tmp_path


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (TEXT.replace("portal:", "portals:"), ["portals", "the keys are", "portal"]),
            (TEXT.replace("public: var/public\n", ""), ["public", "required"]),
            (TEXT.replace("var/portal", "[]"), ["portal", "string"]),
            (TEXT.replace("var/portal", '""'), ["portal"]),
            ("", ["the whole"]),
            ("- a\n", ["the whole"]),
            ("sources: [", ["line"]),
            (TEXT + "sources: b\n", ["second time"]),
        ],
    )
    def test_each_is_named(self, project, text, says):
        with pytest.raises(InputErrors) as error:
            project(text)
        for part in ["ddg.yaml", *says]:
            assert part in str(error.value)

    def test_a_directory_without_the_file_is_no_project(self, tmp_path):
        with pytest.raises(
            InputErrors, match=r"run this in a project's directory, or name one by --project or DDG_PROJECT"
        ):
            load_project(tmp_path)

    def test_sources_may_be_left_out_where_nothing_is_loaded(self, tmp_path):
        (tmp_path / "ddg.yaml").write_text(TEXT.replace("sources: sources.yaml\n", ""), encoding="utf-8")
        there = load_project(tmp_path)
        assert declared_sources(there, ELSEWHERE) == {}
        with pytest.raises(InputErrors, match=r"sources: found no such file; write it .* or name it under"):
            declared_sources(there, HERE)

    def test_sources_are_not_loaded_into_a_store_that_dbt_does_not_read(self, tmp_path):
        (tmp_path / "ddg.yaml").write_text(TEXT, encoding="utf-8")
        (tmp_path / "sources.yaml").write_text(
            "sources: {a: {kind: csv, path: a.csv, columns: {b: text}}}\n", encoding="utf-8"
        )
        there = load_project(tmp_path)
        assert list(declared_sources(there, HERE)) == ["a"]
        with pytest.raises(InputErrors, match="while dbt builds in postgres"):
            declared_sources(there, ELSEWHERE)

    def test_an_unknown_key_is_told_from_the_one_that_was_meant(self, tmp_path):
        (tmp_path / "ddg.yaml").write_text(f"{TEXT}retenton: {{proofs: 2}}\n", encoding="utf-8")
        with pytest.raises(InputErrors, match="retenton: found an unknown key; did you mean 'retention'"):
            load_project(tmp_path)

    def test_a_file_in_another_encoding_is_named(self, tmp_path):
        (tmp_path / "ddg.yaml").write_bytes(TEXT.replace("var/portal", "v\xe4r").encode("latin-1"))
        with pytest.raises(InputErrors, match="UTF-8"):
            load_project(tmp_path)


class TestSigning:
    def test_there_is_none_unless_it_is_set(self, project):
        assert project().signing is None

    def test_paths_are_relative_to_the_file_and_may_come_from_the_environment(self, project, tmp_path, monkeypatch):
        monkeypatch.setenv("DDG_TEST_KEY", "/run/secrets/key")
        found = project(TEXT + "signing:\n  key: $DDG_TEST_KEY\n  allowed_signers: signers\n  identity: a@b.example\n")
        assert found.signing == Signing(
            str(tmp_path / "ddg.yaml"), Path("/run/secrets/key"), tmp_path / "signers", "a@b.example"
        )

    def test_a_home_directory_may_be_abbreviated(self, project, monkeypatch):
        monkeypatch.setenv("HOME", "/home/someone")
        assert project(TEXT + "signing: {key: ~/.ssh/id_ed25519}\n").signing.key == Path(
            "/home/someone/.ssh/id_ed25519"
        )

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("signing:\n", ["signing", "nothing", "key, allowed_signers or both"]),
            ("signing: {}\n", ["signing", "neither key nor allowed_signers"]),
            ("signing: yes\n", ["signing"]),
            ("signing: {keys: a}\n", ["signing.keys", "allowed_signers"]),
            ('signing: {key: ""}\n', ["signing.key"]),
            ("signing: {key: a, identity: me}\n", ["signing", "an identity without allowed_signers"]),
            ("signing: {identity: me}\n", ["signing", "neither key nor allowed_signers"]),
            ("signing: {key: $DDG_TEST_EMPTY}\n", ["signing.key", "$DDG_TEST_EMPTY", "environment variable"]),
        ],
    )
    def test_a_mistake_never_turns_it_off(self, project, monkeypatch, text, says):
        monkeypatch.setenv("DDG_TEST_EMPTY", "")
        with pytest.raises(InputErrors) as error:
            project(TEXT + text)
        for part in ["ddg.yaml", *says]:
            assert part in str(error.value)

    @pytest.mark.parametrize("place", ["public", "portal"])
    def test_the_key_does_not_lie_where_everyone_may_read(self, project, place):
        with pytest.raises(InputErrors, match=rf"signing\.key: found .*; a key outside of `{place}`"):
            project(TEXT + f"signing: {{key: var/{place}/key}}\n")


class TestReview:
    def test_five_roles_have_to_approve_unless_others_are_named(self, project):
        assert len(project().review.roles) == 5
        assert project(TEXT + "review: {roles: []}\n").review.roles == ()

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("review:\n", ["review", "nothing", "`roles: []` where nobody has to approve"]),
            ("review: {role: []}\n", ["review.role"]),
            ("review: {roles: [Data Steward]}\n", ["review.roles.0"]),
            ("review: {key: a}\n", ["review", "a key without allowed_signers"]),
            ("review: {allowed_signers: $DDG_TEST_EMPTY}\n", ["review.allowed_signers", "environment variable"]),
            ("review: {log: var/portal/log}\n", ["review.log", "outside of `portal`"]),
            ("review: {allowed_signers: a, key: var/public/key}\n", ["review.key", "outside of `public`"]),
        ],
    )
    def test_a_mistake_never_settles_who_approves(self, project, monkeypatch, text, says):
        monkeypatch.setenv("DDG_TEST_EMPTY", "")
        with pytest.raises(InputErrors) as error:
            project(TEXT + text)
        for part in ["ddg.yaml", *says]:
            assert part in str(error.value)


class TestPublicAndRestricted:
    """What is public never lies inside what is restricted, nor the other way round."""

    @pytest.mark.parametrize("key", ["public", "portal", "dagster_home"])
    @pytest.mark.parametrize("place", ["var/restricted", "var/restricted/inside", "var", "."])
    def test_they_are_kept_apart(self, project, key, place):
        with pytest.raises(InputErrors, match=f"{key}: .*apart from `restricted`"):
            project(**{key: place})

    def test_a_link_does_not_hide_it(self, project, tmp_path):
        (tmp_path / "var" / "restricted").mkdir(parents=True)
        (tmp_path / "open").symlink_to(tmp_path / "var" / "restricted")
        with pytest.raises(InputErrors, match="apart from `restricted`"):
            project(public="open/public")


class TestDossiers:
    def test_what_reviewers_read_lies_beside_the_public_store(self, project, tmp_path):
        assert project().dossiers == tmp_path / "var" / "review"

    @pytest.mark.parametrize("place", ["var/review", "var/store/../review"])
    def test_it_is_not_in_the_portal_folder(self, project, place):
        with pytest.raises(InputErrors, match=r"portal: found .*for reviewers"):
            project(portal=place)


class TestEnvironment:
    def test_telemetry_is_off_and_dbt_writes_where_it_is_restricted(self, project, monkeypatch):
        for name in ("DAGSTER_HOME", "DDG_RESTRICTED_DB", "DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DBT_LOG_PATH",
                     "GX_ANALYTICS_ENABLED"):  # fmt: skip
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        found = project()
        found.prepare_environment()
        assert os.environ["DAGSTER_DISABLE_TELEMETRY"] == "yes"
        assert os.environ["DO_NOT_TRACK"] == "1"
        assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
        assert os.environ["DAGSTER_HOME"] == str(found.dagster_home)
        for name in ("DDG_RESTRICTED_DB", "DBT_LOG_PATH"):
            assert os.environ[name].startswith(str(found.restricted))

    def test_a_department_s_own_instance_is_used_where_it_names_one(self, project, monkeypatch, tmp_path):
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "theirs"))
        for name in (
            "DDG_RESTRICTED_DB",
            "DAGSTER_DISABLE_TELEMETRY",
            "DO_NOT_TRACK",
            "DBT_LOG_PATH",
            "GX_ANALYTICS_ENABLED",
        ):
            monkeypatch.setenv(name, "")
        project().prepare_environment()
        assert os.environ["DAGSTER_HOME"] == str(tmp_path / "theirs")
