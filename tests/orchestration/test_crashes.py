"""A release that is killed at any moment: readers see the old one or the new one, whole; a second run finishes it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from faults.injection import Fault, in_child, started
from leaks.planted import outside, planted
from leaks.search import Search

from ddg_pipeline.errors import DdgError
from ddg_pipeline.orchestration import publication, steps
from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, relations_of, releases_of
from ddg_pipeline.orchestration.store_work import alone
from ddg_pipeline.quality.certificate import verify_certificate
from ddg_pipeline.release_groups import linked_groups

SEED = 20261130
LONG = "DDG_EVERY_CRASH" in os.environ  # at every boundary, also where it takes seconds to come to one
RUNS_KILLED = 40 if LONG else 1
DEEDS_OF_A_RUN = 600  # it does somewhat more
MOVED = ("staged", "proofs")


def mask_and_stage(project, tables):
    return steps.stage(project, steps.mask(project, tables, steps.known_versions(project, tables)))


@dataclass
class Road:
    """The small project with new figures, masked and staged; what is public is still of the old ones."""

    small: Any
    groups: list[Any]
    relations: dict[str, tuple[str, str]]
    kept: Path

    def __post_init__(self) -> None:
        self.old = self.published_tables()
        self.save()

    def _places(self) -> list[Path]:
        project = self.small.project
        return [project.public, project.portal, *(project.restricted / name for name in MOVED)]

    def save(self) -> None:
        shutil.rmtree(self.kept, ignore_errors=True)
        for place in self._places():
            shutil.copytree(place, self.kept / place.name, symlinks=True)

    def restore(self) -> None:
        for place in self._places():
            shutil.rmtree(place)
            shutil.copytree(self.kept / place.name, place, symlinks=True)

    def tables(self, group: Any) -> Any:
        return steps.read_group(self.small.project, group, self.relations)

    def mask(self) -> None:
        for group in self.groups:
            mask_and_stage(self.small.project, self.tables(group))

    def judge(self) -> list[tuple[Any, Any, Any]]:
        found = []
        for group in self.groups:
            tables = self.tables(group)
            checked = steps.check(self.small.project, tables)
            assert all(one.passed for one in checked)
            found.append(([one.contract for one in group], checked, steps.certify(self.small.project, tables, checked)))
        return found

    def judge_only(self) -> None:
        self.judge()

    def release(self, judged: list[tuple[Any, Any, Any]]) -> None:
        project = self.small.project
        for contracts, checked, certificates in judged:
            with alone(project):  # as the assets do
                steps.hand_over(project, checked, certificates)
                publication.publish(project, contracts)

    def published_tables(self) -> dict[str, dict[str, bytes]]:
        """Read what a reader sees now of each release, in both public places; every package must be whole."""
        project = self.small.project
        seen: dict[str, dict[str, bytes]] = {"store": {}, "portal": {}}
        for group in self.groups:
            for one in group:
                contract = one.contract
                current = project.public_store.current(contract.release)
                portal = project.portal / steps_place(contract)
                for name, place in (("store", current), ("portal", portal)):
                    certificate = verify_certificate(place)
                    assert certificate.release == contract.release
                    seen[name][contract.release] = (place / certificate.gate.file).read_bytes()
        return seen


def steps_place(contract: Any) -> Path:
    from ddg_pipeline.publishing import package_names

    names = package_names(contract)
    return Path(names.dataset, names.resource)


@pytest.fixture
def road(small, tmp_path):
    """One woman more in Delta, in every table, so that old and new can be told apart."""
    with duckdb.connect(str(small.project.restricted_store.path)) as store:
        for county in ("Delta", "State"):
            for table, group in (("by_sex", "sex in ('F', 'All')"), ("by_age", "age_group in ('0-39', 'All')")):
                store.execute(f"update aggregates.{table} set cases = cases + 1 where county = '{county}' and {group}")
        store.execute("update aggregates.statewide set cases = cases + 1 where sex = 'F'")
    manifest = read_manifest(ensure_manifest(small.project))
    groups = linked_groups(releases_of(manifest))
    for group in groups:
        mask_and_stage(small.project, steps.read_group(small.project, group, relations_of(manifest)))
    return Road(small, groups, relations_of(manifest), tmp_path / "kept")


@pytest.fixture
def judged(road):
    """What the gate says of the new figures; certified, and not yet handed over."""
    found = road.judge()
    road.save()
    return found


@pytest.fixture
def new(road, judged):
    """What a run that nothing happens to publishes."""
    road.release(judged)
    published = road.published_tables()
    road.restore()
    assert all(published["portal"][name] != table for name, table in road.old["portal"].items())
    return published


def old_or_new(road, new, where):
    """Each release is the old or the new one, whole, and linked releases are of one passage through the gate."""
    seen = road.published_tables()
    for place, tables in seen.items():
        news = {name: table == new[place][name] for name, table in tables.items()}
        assert all(news[name] or table == road.old[place][name] for name, table in tables.items()), where
        assert place == "store" or news["by_age"] == news["by_sex"], f"{where}: a mixed pair on the portal"


def nothing_outside(road, where):
    project = road.small.project
    search = Search(planted())  # Dagster has no part in these steps
    assert search.trees([project.public, project.portal]) == [], where
    for path in project.restricted.rglob("*"):
        if path.name.endswith(".parquet") and path.is_file():
            assert path.stat().st_mode & 0o777 == 0o600, where
    assert project.restricted.stat().st_mode & 0o777 == 0o700


def finished(road, new, where):
    """The new release is public, and of the killed run no litter is left."""
    assert road.published_tables() == new, where
    project = road.small.project
    names = {path.name for place in (project.public, project.portal) for path in place.rglob("*")}
    assert not names & {".incoming", ".next"}, where
    assert not [name for name in names if name.endswith(".link")], where
    for path in project.portal.rglob(".versions/*"):
        assert path.name == ".lock" or path in {target.resolve() for target in project.portal.glob("*/*")}, where


class TestKilledWhileItIsReleased:
    """Hand-over and publication: at every step that readers can see, and in the middle of files."""

    @pytest.mark.thorough
    @pytest.mark.parametrize(("kind", "sample"), [("kill", 0), ("kill", 8), ("torn", 8)])
    def test_readers_see_the_old_or_the_new_release_and_a_second_run_finishes(self, road, judged, new, kind, sample):
        for boundary in every_boundary(road, kind, lambda: road.release(judged), sample):
            old_or_new(road, new, boundary)
            nothing_outside(road, boundary)
            again = in_child(lambda: road.release(judged))
            assert again.code == 0, f"{boundary}: {again.output}"
            finished(road, new, boundary)


@pytest.mark.thorough
class TestKilledWhileItIsMasked:
    """Nothing is public of it yet; and the gate takes what a killed run staged for what it is."""

    @pytest.mark.parametrize("kind", ["kill", "torn"])
    def test_what_is_public_stays_and_the_gate_passes_what_is_whole_or_nothing(self, road, new, kind):
        before = road.small.public_bytes()
        for boundary in every_boundary(road, kind, road.mask, 3):
            assert road.small.public_bytes() == before, boundary
            nothing_outside(road, boundary)
            again = in_child(lambda: road.release(road.judge()))
            if again.code == 0:
                finished(road, new, boundary)
            else:
                assert "RefusedError" in again.output or "AssertionError" in again.output, boundary
                assert road.small.public_bytes() == before, boundary

    def test_a_second_run_finishes(self, road, new):
        for boundary in every_boundary(road, "torn", road.mask, 1):
            road.mask()
            road.release(road.judge())
            finished(road, new, boundary)


@pytest.mark.thorough
class TestKilledWhileItIsCertified:
    @pytest.mark.parametrize("kind", ["kill", "torn"])
    def test_what_is_public_stays_and_a_second_run_finishes(self, road, new, kind):
        before = road.small.public_bytes()
        for boundary in every_boundary(road, kind, road.judge_only, 1):
            assert road.small.public_bytes() == before, boundary
            again = in_child(lambda: road.release(road.judge()))
            assert again.code == 0, f"{boundary}: {again.output}"
            finished(road, new, boundary)


@pytest.mark.thorough
class TestKilledRuns:
    """``ddg run`` from the sources on, killed at random moments, with all processes that it started."""

    def test_what_is_public_is_whole_nothing_leaks_and_a_second_run_finishes(self, small, tmp_path):
        small.edit(small.root / "cases.csv", "F,0-39,41,", "F,0-39,42,")
        generator = random.Random(SEED)
        for at in sorted(generator.sample(range(20, DEEDS_OF_A_RUN), RUNS_KILLED)):
            ended, told = run_ddg(small, tmp_path, at)
            assert ended == -signal.SIGKILL, told
            for release in ("by_age", "by_sex", "statewide"):
                verify_certificate(small.released(release))
                verify_certificate(small.published(release))
            assert planted().in_text(told) == []
            assert outside(small.root, [tmp_path]).found == [], f"killed at {at}"
        ended, told = run_ddg(small, tmp_path, 0)
        assert ended == 0, told
        assert planted().in_text(told) == []
        assert outside(small.root, [tmp_path]).found == []
        for release in ("by_age", "by_sex"):
            name = small.staged(release).name
            published = (small.published(release) / name).read_bytes()
            assert published == small.staged(release).read_bytes() == (small.released(release) / name).read_bytes()
        assert "Delta,F,85," in (small.published("by_sex") / small.staged("by_sex").name).read_text()


def run_ddg(small, scratch, at):
    """Run ``ddg run`` as a command, killed at a deed; 0 lets it come to its end."""
    tests = Path(__file__).parents[1]
    environment = os.environ | {
        "TMPDIR": str(scratch), "HOME": str(scratch), "PYTHONPATH": os.pathsep.join([str(tests), *sys.path]),
    }  # fmt: skip
    command = [sys.executable, "-m", "faults.killed_run", str(at), "run", "--quiet"]
    done = subprocess.run(command, cwd=small.root, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def outcome(action):
    """Run an action and say how it ended, as JSON."""

    def run():
        try:
            action()
        except DdgError as error:
            return [type(error).__name__, str(error), error.exit_code]
        return None

    return run


@pytest.mark.thorough
class TestAFullDisk:
    """Every later deed that needs room fails, from a given one on."""

    def test_while_it_is_released_readers_keep_the_old_or_get_the_new_release(self, road, judged, new):
        project = road.small.project
        for place in (project.public, project.portal):
            for at in (1, 2, 5, 9, 14, 20):
                ending = in_child(outcome(lambda: road.release(judged)), Fault("full", at, under=place))
                where = f"{place.name} full at {at}"
                old_or_new(road, new, where)
                nothing_outside(road, where)
                assert ending.killed is False, where
                assert ending.answer is not None or ending.code != 0, where
                assert in_child(lambda: road.release(judged)).code == 0, where
                finished(road, new, where)
                road.restore()

    def test_on_the_portal_it_is_said_which_folder_and_what_to_do(self, road, judged):
        portal = road.small.project.portal
        kind, message, code = in_child(outcome(lambda: road.release(judged)), Fault("full", 3, under=portal)).answer
        assert (kind, code) == ("InputError", 2)
        assert message.startswith(f"{portal}: the folder: found No space left on device; ")

    def test_in_the_public_store_likewise(self, road, judged):
        public = road.small.project.public
        kind, message, code = in_child(outcome(lambda: road.release(judged)), Fault("full", 1, under=public)).answer
        assert (kind, code) == ("InputError", 2)
        assert message.startswith(f"{public}, ")
        assert "No space left on device" in message

    @pytest.mark.parametrize("largest", [300, 3000])
    def test_no_file_can_grow_whoever_writes_it(self, road, new, largest):
        """A limit of the operating system, which holds for DuckDB and started processes as well."""
        before = road.small.public_bytes()
        ending = in_child(lambda: (road.mask(), road.release(road.judge()), None)[2], largest_file=largest)
        assert ending.code != 0
        assert outside(road.small.root).found == []
        assert road.small.public_bytes() == before
        road.mask()
        road.release(road.judge())
        finished(road, new, f"after {largest} bytes")


class TestAReadOnlyPortal:
    def test_leaves_what_is_public_and_says_what_to_do(self, road, judged):
        portal = road.small.project.portal
        before = road.published_tables()["portal"]
        ending = in_child(outcome(lambda: road.release(judged)), Fault("read_only", under=portal))
        kind, message, code = ending.answer
        assert (kind, code) == ("InputError", 2)
        assert f"{portal}: the folder: found Read-only file system; a folder that can be written" in message
        assert road.published_tables()["portal"] == before


class TestTwoAtOnce:
    """Two runs hand over and publish the same releases: each either does it or says that it is busy."""

    @pytest.mark.thorough
    def test_the_new_release_is_public_and_whole(self, road, judged, new):
        for number in range(6):
            waiting = [started(outcome(lambda: road.release(judged))) for _ in range(2)]
            endings = [wait() for wait in waiting]
            for ending in endings:
                assert ending.code == 0, ending.output
                assert ending.answer is None or ending.answer[0] in ("StoreBusyError", "RefusedError"), ending.answer
            old_or_new(road, new, f"round {number}")
            nothing_outside(road, f"round {number}")
            assert in_child(lambda: road.release(judged)).code == 0
            finished(road, new, f"round {number}")
            road.restore()

    @pytest.mark.thorough
    def test_one_is_masked_while_the_other_is_released(self, road, judged, new):
        waiting = [started(outcome(lambda: road.release(judged))), started(outcome(road.mask))]
        for wait in waiting:
            wait()
        old_or_new(road, new, "masked meanwhile")
        road.mask()
        road.release(road.judge())
        finished(road, new, "afterwards")


def every_boundary(road, kind, action, sample):
    """Kill an action at boundaries between two deeds, and put back what it did.

    Every step that readers can see, and what comes before and after it, is among them, and a random sample of the rest.
    """
    deeds = in_child(action).deeds
    road.restore()
    points = {n for n, deed in enumerate(deeds, start=1) if kind == "kill" or deed.startswith("open ")}
    seen = {n for n in points if deeds[n - 1].startswith(("os.rename", "os.symlink"))}
    seen |= {n + 1 for n in seen} & points
    rest = sorted(points - seen)
    chosen = seen | set(rest if LONG else random.Random(SEED).sample(rest, min(sample, len(rest))))
    assert len(chosen) >= sample
    for at in sorted(chosen):
        ending = in_child(action, Fault(kind, at))
        assert ending.killed, ending.output
        yield f"{kind} at {at} of {len(deeds)}: {ending.deeds[-1]}"
        road.restore()
