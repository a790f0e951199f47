"""How a certified package is laid out on the portal: resources, the datastore's columns and key, names and ids.

Every file of the package becomes a resource of the dataset, under its own name, so that whoever downloads them all has
the package again and can check it with ``ddg verify``. The CSV comes first, and it alone has a datastore.

A resource's id is computed from dataset, release and file: it is the same for ever, on whatever machine, and also where
the resource was deleted in between.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.publishing.ckan.mark import Version
from ddg_pipeline.publishing.folder import Package
from ddg_pipeline.publishing.names import (
    DATA_PACKAGE_NAME,
    DICTIONARY_NAME,
    REPORT_HTML_NAME,
    REPORT_JSON_NAME,
    PackageNames,
    package_names,
)
from ddg_pipeline.quality.certificate import certificate_sha256
from ddg_pipeline.quality.certificate_form import CERTIFICATE_NAME, SIGNATURE_NAME, Certificate
from ddg_pipeline.quality.csv_text import read_csv_file
from ddg_pipeline.quality.hashing import sha256_of_file

RELEASE_KEY: Final = "ddg_release"
FILE_KEY: Final = "ddg_file"
_IDS: Final = uuid.UUID("5f0f2e0a-33c5-5c3d-9d0e-1f5a3f0c7b61")
_LONGEST_NAME: Final = 100  # of a dataset, in CKAN
_DESCRIBED: Final = {
    DICTIONARY_NAME: ("data dictionary", "Every column: its type, label and meaning.", "CSV"),
    DATA_PACKAGE_NAME: ("data package", "The table described for programs (Frictionless Data Package v2).", "JSON"),
    REPORT_HTML_NAME: ("de-identification report", "How small numbers were assessed and protected.", "HTML"),
    REPORT_JSON_NAME: ("de-identification report for programs", "The same for programs.", "JSON"),
    SIGNATURE_NAME: ("signature", "The signature of the certificate.", "SSHSIG"),
    CERTIFICATE_NAME: ("certificate", "SHA-256 of every file of this release, as it passed the gate.", "JSON"),
}


@dataclass(frozen=True)
class PortalFile:
    """A file of the package as a resource.

    Attributes:
        name: The file's name, in the package and on the portal.
        sha256: Its hash.
        resource_id: The resource's id, unless one was adopted.
        fields: What the resource says about itself, without id and file.
    """

    name: str
    sha256: str
    resource_id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Layout:
    """A verified package, ready for the portal.

    Attributes:
        package: The package as it was given.
        directory: Where its files are.
        names: What it is called.
        certificate: Its certificate.
        version: The version it is.
        files: Its files, in the order in which they are written: the CSV first, the certificate last.
        columns: The datastore's fields, with type and data dictionary.
        key: The columns that identify a row.
    """

    package: Package
    directory: Path
    names: PackageNames
    certificate: Certificate
    version: Version
    files: tuple[PortalFile, ...]
    columns: tuple[Mapping[str, Any], ...]
    key: tuple[str, ...]

    @property
    def release(self) -> str:
        """The release's name."""
        return self.certificate.release

    @property
    def csv(self) -> PortalFile:
        """The table."""
        return self.files[0]

    @property
    def types(self) -> dict[str, str]:
        """The datastore's type of every column."""
        return {str(column["id"]): str(column["type"]) for column in self.columns}

    def staged(self) -> Layout:
        """Give the same package as it lies in the staging dataset."""
        names = replace(self.names, dataset=staging_name(self.names.dataset))
        files = [replace(file, resource_id=resource_id(names.dataset, self.release, file.name)) for file in self.files]
        return replace(self, names=names, files=tuple(files))


def staging_name(dataset: str) -> str:
    """Name the private dataset in which updates of a public one are tried out."""
    name = f"{dataset}-staging"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{dataset[: _LONGEST_NAME - 17]}-{uuid.uuid5(_IDS, dataset).hex[:8]}-staging"


def lay_out(package: Package, directory: Path | None = None) -> Layout:
    """Verify a package, and say how it lies on the portal.

    Args:
        package: The package.
        directory: Where its files are, if not where it says.

    Raises:
        RefusedError: The certificate is void, or dictionary and data package do not describe the table.
    """
    directory = directory or package.directory
    certificate = package.verify(directory)
    names = package_names(package.contract)
    last = [name for name in (SIGNATURE_NAME, CERTIFICATE_NAME) if (directory / name).is_file()]
    order = [names.csv, *sorted(set(certificate.files) - {names.csv}), *last]
    hashes = {**certificate.files, **{name: sha256_of_file(directory / name) for name in last}}
    columns, key = _table(directory, names)
    return Layout(
        package=package,
        directory=directory,
        names=names,
        certificate=certificate,
        version=Version.of(certificate, certificate_sha256(directory)),
        files=tuple(_file(package, names, name, hashes[name]) for name in order),
        columns=columns,
        key=key,
    )


@contextmanager
def snapshots(packages: Sequence[Package]) -> Iterator[list[Layout]]:
    """Copy packages to where nobody else changes them, and lay the copies out: what is verified is what is sent.

    Raises:
        RefusedError: A certificate is void.
    """
    with tempfile.TemporaryDirectory(prefix="ddg-ckan-") as place:
        layouts = []
        for number, package in enumerate(packages):
            copy = Path(place, str(number))
            shutil.copytree(package.directory, copy, symlinks=True)
            layouts.append(lay_out(package, copy))
        yield layouts


def resource_id(dataset: str, release: str, name: str) -> str:
    """Give the id that a file's resource has for ever."""
    return str(uuid.uuid5(_IDS, f"{dataset}\n{release}\n{name}"))


def _file(package: Package, names: PackageNames, name: str, sha256: str) -> PortalFile:
    contract = package.contract
    if name == names.csv:
        title, description, kind = contract.full_title, contract.description or contract.full_title, "CSV"
    else:
        what, description, kind = _DESCRIBED.get(name, (name, "", name.rpartition(".")[2].upper()))
        title = f"{contract.full_title}: {what}"
    fields = {
        "name": title,
        "description": " ".join(description.split()),
        "format": kind,
        "hash": sha256,
        RELEASE_KEY: contract.release,
        FILE_KEY: name,
    }
    return PortalFile(name, sha256, resource_id(names.dataset, contract.release, name), fields)


def _table(directory: Path, names: PackageNames) -> tuple[tuple[Mapping[str, Any], ...], tuple[str, ...]]:
    """Take the datastore's columns from the data dictionary, and their key from the data package: both certified."""
    _, table = read_csv_file(directory / names.csv)
    _, dictionary = read_csv_file(directory / DICTIONARY_NAME)
    described = json.loads((directory / DATA_PACKAGE_NAME).read_text(encoding="utf-8"))
    key = tuple(described["resources"][0]["schema"]["primaryKey"])
    rows = dictionary.astype(object).where(dictionary.notna(), "").to_dict("records")
    columns = tuple(
        {
            "id": row["column"],
            "type": row["type"],
            # the loader that many portals run after each upload keeps what `type_override` says
            "info": {"label": row["label"], "notes": row["description"], "type_override": row["type"]},
        }
        for row in rows
    )
    if [column["id"] for column in columns] != list(table.columns) or not set(key) <= set(table.columns) or not key:
        raise RefusedError(f"{names.csv}: data dictionary and data package describe another table")
    return columns, key
