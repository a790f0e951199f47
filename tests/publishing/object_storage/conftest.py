"""Stores in memory and in a folder, readers who know only what docs/how-to/targets.md says, and a store that dies."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import uuid

import fsspec
import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.publishing import Package, ReleaseFacts, package_names, write_documents, write_release_csv
from ddg_pipeline.publishing.object_store import ObjectStore, Patience
from ddg_pipeline.publishing.targets import Target
from ddg_pipeline.quality import build_suite, issue_certificate, row_parameters, validate
from tests.publishing.conftest import ASSESSMENT, AUDIT, CONTRACT, Counts

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KEYS = ("emergency-visits/visits-by-county", "emergency-visits/visits-again")
OTHER = CONTRACT.replace("release: visits_by_county", "release: visits_again").replace(
    "resource: visits-by-county", "resource: visits-again"
)
AT_ONCE = Patience(attempts=3, sleep=lambda _seconds: None)


class Killed(BaseException):
    """The process is gone."""


class DyingStore(ObjectStore):
    """Dies before, or in the middle of, one of the things it does to the store; from then on nothing happens."""

    def __init__(self, target, at, torn=False):
        super().__init__(target, AT_ONCE)
        self._at_deed, self._torn, self.deeds, self._dead = at, torn, [], False

    def _deed(self, what, half=None):
        if self._dead:
            raise Killed
        self.deeds.append(what)
        if len(self.deeds) == self._at_deed:
            self._dead = True
            if self._torn and half is not None:
                half()
            raise Killed

    def upload(self, source, path):
        data = source.read_bytes()
        self._deed(f"upload {path}", lambda: ObjectStore.replace(self, path, data[: len(data) // 2]))
        super().upload(source, path)

    def replace(self, path, data):
        self._deed(f"replace {path}")
        super().replace(path, data)

    def remove(self, prefix):
        self._deed(f"remove {prefix}")
        super().remove(prefix)


@pytest.fixture(params=["memory", "file"])
def target(request, tmp_path):
    if request.param == "file":
        (tmp_path / "bucket").mkdir()
        return Target(f"file://{tmp_path}/bucket")
    return Target(f"memory://{uuid.uuid4().hex}/health")


@pytest.fixture
def store(target):
    return ObjectStore(target, AT_ONCE)


@pytest.fixture
def seen(target):
    """What readers see: by release its files, ``"withdrawn"``, or nothing. Shares no code with the package."""
    filesystem, root = fsspec.core.url_to_fs(target.url)

    def load(path):
        return json.loads(filesystem.cat_file(f"{root}/{path}")) if filesystem.exists(f"{root}/{path}") else None

    def seen():
        found = {}
        for key in KEYS:
            pointer = load(f"{key}/current.json")
            if pointer is not None and "linked" in pointer:
                pointer = load(pointer["linked"])
            state = None if pointer is None else pointer["releases"].get(key)
            if state is None:
                continue
            if state["status"] == "withdrawn":
                found[key] = "withdrawn"
                continue
            home = f"{root}/{state['path']}"
            names = [str(name).rpartition("/")[2] for name in filesystem.find(home)]
            assert set(names) == set(state["files"]), key
            found[key] = {name: filesystem.cat_file(f"{home}/{name}") for name in names}
        return found

    return seen


@pytest.fixture
def objects(target):
    """Every object of the store."""
    filesystem, root = fsspec.core.url_to_fs(target.url)

    def objects():
        base = filesystem._strip_protocol(root)
        found = filesystem.find(base) if filesystem.exists(base) else []
        return sorted(str(name).removeprefix(f"{base}/") for name in found)

    return objects


@pytest.fixture(scope="session")
def contracts():
    return [contract_from_yaml(text, "visits.yaml") for text in (CONTRACT, OTHER)]


@pytest.fixture(scope="session")
def _built():
    return {}


@pytest.fixture
def release(contracts, rulebook, table, _built, tmp_path, tmp_path_factory):
    """Build certified packages: ``release(cases, day)``, of the first release, or of both."""

    def one(number, cases, day):
        if (number, cases, day) not in _built:
            contract = contracts[number]
            frame = table.copy()
            frame.loc[3, ["cases", "rate"]] = [str(cases), "35.1"]
            known = {"county_fips": "California", "county": "All"}
            suite = build_suite(
                contract, rulebook, columns=list(frame.columns), masked=True, tolerated_margins={"cases": [known]}
            )
            directory = tmp_path_factory.mktemp("release") / "package"
            gate = validate(write_release_csv(directory, contract, frame), suite, row_parameters(contract, frame))
            assert gate.passed, gate.describe()
            issued_at = ISSUED_AT + day * DAY
            facts = ReleaseFacts(ASSESSMENT, {"cases": Counts()}, True, AUDIT, gate)
            write_documents(directory, contract, rulebook, facts, released=issued_at)
            issue_certificate(
                directory, contract=contract, rulebook=rulebook, suite=suite, csv_name=package_names(contract).csv,
                gate=gate, audit=AUDIT, decision="mask", checks={"great_expectations": True}, issued_at=issued_at,
            )  # fmt: skip
            _built[number, cases, day] = directory
        copied = tmp_path / f"{number}-{cases}-{day}"
        shutil.copytree(_built[number, cases, day], copied, dirs_exist_ok=True)
        return Package(copied, contracts[number], rulebook)

    def release(cases, day, linked=False):
        return [one(number, cases, day) for number in range(2 if linked else 1)]

    return release


@pytest.fixture
def files_of():
    """What readers should see of packages."""

    def files_of(packages):
        return {
            f"emergency-visits/{package_names(package.contract).resource}": {
                path.name: path.read_bytes() for path in package.directory.iterdir()
            }
            for package in packages
        }

    return files_of
