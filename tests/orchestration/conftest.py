"""A small project of its own, run once; every test gets it as that run left it and may break what it likes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ddg_pipeline import cli
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import Project, load_project
from ddg_pipeline.quality.certificate import verify_certificate

SMALL_PROJECT = Path(__file__).parent / "small_project"
MONTHLY_PROJECT = Path(__file__).parent / "monthly_project"
RELEASES = ("by_age", "by_sex", "statewide")
_ENVIRONMENT = (
    "DAGSTER_HOME", "DDG_PROJECT", "DDG_RESTRICTED_DB", "DBT_LOG_PATH", "DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK",
    "GX_ANALYTICS_ENABLED", "DBT_INDIRECT_SELECTION", "DDG_RESTRICTED_KEY_FROM", "DDG_RESTRICTED_CRYPTO",
)  # fmt: skip


@dataclass(frozen=True)
class Events:
    """What one run left in Dagster's log."""

    success: bool
    run_id: str
    records: list[dg.EventLogEntry]

    def _of(self, kind: dg.DagsterEventType) -> list[Any]:
        found = [record.dagster_event for record in self.records if record.dagster_event is not None]
        return [event for event in found if event.event_type is kind]

    @property
    def materialized(self) -> list[dg.AssetKey]:
        return [event.asset_key for event in self._of(dg.DagsterEventType.ASSET_MATERIALIZATION)]

    def checks(self, release: str) -> dict[str, dg.AssetCheckEvaluation]:
        found = [event.asset_check_evaluation_data for event in self._of(dg.DagsterEventType.ASSET_CHECK_EVALUATION)]
        return {check.check_name: check for check in found if check.asset_key == dg.AssetKey([release, "release"])}

    def failed_checks(self, release: str) -> set[str]:
        return {name for name, check in self.checks(release).items() if not check.passed}

    @property
    def failures(self) -> str:
        texts = []
        for event in self._of(dg.DagsterEventType.STEP_FAILURE):
            data = event.step_failure_data.user_failure_data
            texts.append(data.description if data is not None else str(event.step_failure_data.error))
        return "\n".join(texts)


@dataclass(frozen=True)
class Small:
    """The small project in a directory of its own."""

    project: Project

    @property
    def root(self) -> Path:
        return self.project.root

    def materialize(self, *assets: str) -> Events:
        """Materialize exactly these assets (``by_sex/release``), as the UI's button does, on the project's instance."""
        os.environ["DAGSTER_HOME"] = str(self.project.dagster_home)
        keys = [dg.AssetKey(asset.split("/")) for asset in assets]
        job = build_definitions(self.project).resolve_implicit_global_asset_job_def()
        with dg.DagsterInstance.get() as instance:
            result = job.execute_in_process(instance=instance, asset_selection=keys, raise_on_error=False)
            return Events(result.success, result.run_id, instance.all_logs(result.run_id))

    def latest(self, asset: str) -> dict[str, dg.MetadataValue]:
        """Give the metadata of an asset's latest materialization."""
        with dg.DagsterInstance.get() as instance:
            event = instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
        assert event is not None
        assert event.asset_materialization is not None
        return dict(event.asset_materialization.metadata)

    def staged(self, release: str) -> Path:
        (found,) = [
            path
            for path in (self.project.staged(release) / "package").glob("*.csv")
            if path.name != "data-dictionary.csv"
        ]
        return found

    def released(self, release: str) -> Path:
        current = self.project.public_store.current(release)
        assert current is not None
        return current

    def published(self, release: str) -> Path:
        return next(path for path in self.project.portal.glob("*/*") if _release_of(path) == release)

    def public_bytes(self) -> dict[str, str]:
        """Hash every file that the public can see."""
        return {
            f"{place.name}/{path.relative_to(place)}": hashlib.sha256(path.read_bytes()).hexdigest()
            for place in (self.project.public, self.project.portal)
            for path in sorted(place.rglob("*"))
            if path.is_file() and path.name != ".lock"
        }

    def edit(self, file: Path, old: str, new: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file.name}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def rows(self, file: Path) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


_TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|\+00:00| UTC)?")
_HASH = re.compile(rb"\b[0-9a-f]{64}\b")


@pytest.fixture(scope="session")
def packages_of() -> Callable[[Small, str], dict[str, bytes]]:
    """Every file of a published package, without the time of its certificate and the hashes of what holds that time."""

    def read(small: Small, release: str) -> dict[str, bytes]:
        files = {path.name: path.read_bytes() for path in small.published(release).iterdir()}
        exact = {name: data for name, data in files.items() if name.endswith(".csv")}
        return {name: _HASH.sub(b"", _TIME.sub(b"", data)) for name, data in files.items()} | exact

    return read


def _release_of(path: Path) -> str | None:
    return verify_certificate(path).release if (path / "certificate.json").is_file() else None


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def ddg(small: Small, run_ddg: Callable[..., Answer]) -> Callable[..., Answer]:
    """Run ``ddg`` in the small project, in this process."""
    return partial(run_ddg, small)


@pytest.fixture
def run_ddg(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run ``ddg`` in a project, in this process."""

    def run(small: Small, *arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["ddg", *arguments])
        monkeypatch.chdir(small.root)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        streams = capfd.readouterr()
        return Answer(int(ended.value.code or 0), streams.out, streams.err)

    return run


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Small, Path]]:
    root = tmp_path_factory.mktemp("small") / "project"
    shutil.copytree(SMALL_PROJECT, root)
    yield from _once(root, {})


def _once(root: Path, keys: Mapping[str, str]) -> Iterator[tuple[Small, Path]]:
    """Run a project in an environment of its own; the copy is what every test gets."""
    with pytest.MonkeyPatch.context() as patch:
        own_environment(patch, root, keys)
        small = Small(load_project(root))
        run_commands(patch, root, "suites", "run")
        kept = root.with_name("kept")
        _copy(root, kept)
        yield small, kept


def run_commands(patch: pytest.MonkeyPatch, root: Path, *commands: str) -> None:
    """Run commands of ``ddg`` in a project, in this process; each has to succeed."""
    for command in commands:
        patch.setattr(sys, "argv", ["ddg", command, "--project", str(root), "--quiet"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code, f"ddg {command} failed"


@pytest.fixture
def small(_run_once: tuple[Small, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    """The small project after one good run; whatever a test does to it is undone."""
    once, kept = _run_once
    own_environment(monkeypatch, once.root)
    yield once
    _copy(kept, once.root)


@pytest.fixture
def monthly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """A project whose table grows by a month at a time; nothing of it has been run."""
    root = tmp_path / "project"
    shutil.copytree(MONTHLY_PROJECT, root)
    own_environment(monkeypatch, root)
    return Small(load_project(root))


CASES_OF_MONTHS = {
    "2025-01": {"North": 4, "South": 9, "East": 21, "West": 33, "Bay": 90, "Valley": 140},
    "2025-02": {"North": 0, "South": 12, "East": 25, "West": 28, "Bay": 97, "Valley": 133},  # nothing small
    "2025-03": {"North": 3, "South": 5, "East": 18, "West": 41, "Bay": 82, "Valley": 151},
}


def write_cases(root: Path, cases: Mapping[str, Mapping[str, int]]) -> None:
    """Write the source of the monthly project: for each month, the cases of counties."""
    with (root / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["county", "month", "cases"])
        rows.writerows((county, month, count) for month, one in cases.items() for county, count in one.items())


def by_months(root: Path) -> None:
    """Let the monthly project release its months one by one."""
    models = root / "dbt_project" / "models" / "aggregates" / "releases.yml"
    periods = "          reporting_periods: {dimension: month, every: month, start: 2025-01-01}\n"
    periods += "          suppression: {show_reason: true}\n"
    models.write_text(models.read_text(encoding="utf-8") + periods, encoding="utf-8")


@pytest.fixture(scope="session")
def _months_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Small, Path]]:
    root = tmp_path_factory.mktemp("months") / "project"
    shutil.copytree(MONTHLY_PROJECT, root)
    by_months(root)
    write_cases(root, CASES_OF_MONTHS)
    yield from _once(root, {})


@pytest.fixture
def months(_months_once: tuple[Small, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    """A project of which three months are released, each by itself."""
    once, kept = _months_once
    own_environment(monkeypatch, once.root)
    yield once
    _copy(kept, once.root)


@dataclass(frozen=True)
class Encrypted:
    """The small project with a key for its restricted store, and another one in the environment variable OTHER_KEY."""

    small: Small
    key: str
    other_key: str


@pytest.fixture(scope="session")
def _encrypted_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Encrypted, Path]]:
    root = tmp_path_factory.mktemp("encrypted") / "project"
    shutil.copytree(SMALL_PROJECT, root)
    with (root / "ddg.yaml").open("a", encoding="utf-8") as file:
        file.write("restricted_key: ${DDG_RESTRICTED_KEY}\nstore_wait: 5\n")
    key, other_key = (secrets.token_urlsafe(32) for _ in range(2))
    before = os.umask(0)  # what is restricted has to be closed whatever the umask
    try:
        for small, kept in _once(root, {"DDG_RESTRICTED_KEY": key, "OTHER_KEY": other_key}):
            os.umask(before)
            yield Encrypted(small, key, other_key), kept
    finally:
        os.umask(before)


@pytest.fixture
def encrypted(_encrypted_once: tuple[Encrypted, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Encrypted]:
    """The project with a key after one good run; whatever a test does to it is undone."""
    once, kept = _encrypted_once
    root = once.small.root
    own_environment(monkeypatch, root, {"DDG_RESTRICTED_KEY": once.key, "OTHER_KEY": once.other_key})
    yield once
    _copy(kept, root)


def own_environment(patch: pytest.MonkeyPatch, root: Path, more: Mapping[str, str] | None = None) -> None:
    for name, value in (more or {}).items():
        patch.setenv(name, value)
    for name in _ENVIRONMENT:
        patch.setenv(name, "")  # so that it is put back, whatever the project sets
        patch.delenv(name)
    patch.setenv("DAGSTER_HOME", str(root / "var" / "dagster"))


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
