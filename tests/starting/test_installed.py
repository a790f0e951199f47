"""Wheel and sdist: built, installed into environments of their own with the pinned packages, and run on every Python.

Needs a package index, so that it is thorough; where none answers it is skipped, and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUPPORTED = ("3.11", "3.12", "3.13")
QUIET = {"DAGSTER_DISABLE_TELEMETRY": "yes", "DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}


def _pythons() -> dict[str, str]:
    """Find an interpreter of each supported version: on the path, or beside others where they are kept by version."""
    found = {}
    for version in SUPPORTED:
        kept = Path(os.environ.get("PYENV_ROOT", "/nowhere")) / "versions"
        candidates = [shutil.which(f"python{version}"), *map(str, sorted(kept.glob(f"{version}.*/bin/python")))]
        if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
            candidates.insert(0, sys.executable)
        for candidate in filter(None, candidates):
            told = subprocess.run([candidate, "-c", "import ensurepip, sys; print(sys.version_info[:2])"],
                                  capture_output=True, text=True)  # fmt: skip
            if told.returncode == 0 and told.stdout.strip() == str(tuple(map(int, version.split(".")))):
                found[version] = candidate
                break
    return found


PYTHONS = _pythons()


def run(*command: object, cwd: Path | None = None) -> str:
    ours = ("PYTHONPATH", "DAGSTER_HOME", "DDG_", "DBT_")  # what other tests left behind is not a newcomer's
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=cwd, env={**environment, **QUIET}
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run([sys.executable, "-m", "build", "--outdir", out, ROOT], capture_output=True, text=True)
    if done.returncode and "hatchling" in done.stdout + done.stderr:
        pytest.skip("no package index answers, from which the build takes its back end")
    assert done.returncode == 0, done.stderr[-4000:]
    return out


@pytest.mark.thorough
class TestWhatIsBuilt:
    def test_holds_every_file_of_the_starter_project_and_of_the_dbt_package(self, built):
        folders = [ROOT / "ddg_pipeline" / "starting" / "templates", ROOT / "ddg_pipeline" / "dbt_package"]
        wanted = {str(path.relative_to(ROOT)) for one in folders for path in one.rglob("*") if path.is_file()}
        (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
        with zipfile.ZipFile(wheel) as archive:
            assert wanted <= set(archive.namelist())
        with tarfile.open(sdist) as archive:
            assert wanted <= {name.partition("/")[2] for name in archive.getnames()}


@pytest.mark.thorough
@pytest.mark.parametrize("version", SUPPORTED)
class TestInstalled:
    def test_a_new_project_is_released_at_once(self, built, tmp_path, version):
        if version not in PYTHONS:
            pytest.skip(f"no Python {version} on this machine")
        run(PYTHONS[version], "-m", "venv", tmp_path / "venv")
        (wheel,) = built.glob("*.whl")
        pip = (tmp_path / "venv" / "bin" / "pip", "--disable-pip-version-check", "install", "--quiet")
        run(*pip, "--constraint", ROOT / "constraints.txt", wheel)
        ddg = tmp_path / "venv" / "bin" / "ddg"
        run(ddg, "init", "x", cwd=tmp_path)
        released = run(ddg, "run", "--quiet", cwd=tmp_path / "x").split()
        assert [Path(path).name for path in released] == ["cases-by-county"]
        assert (Path(released[0]) / "cases-by-county.csv").is_file()
        assert json.loads(run(ddg, "doctor", "--json", cwd=tmp_path / "x"))["healthy"]
        shutil.rmtree(tmp_path / "venv")
