"""What a version of a release was before masking, as it stays behind in the restricted directory.

Only that tells which figures of what is public were corrected since:

    <restricted>/versions/<release>/<version>.zip   table, contract and reference tables of that version, and the names
                                                    of the sources that it was made of, sealed
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract import BoundTable, bind
from ddg_pipeline.contract.kept import contract_of_kept, kept_contract
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.format_version import NewerFormatError
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.warehouse.private import DIRECTORY_MODE

if TYPE_CHECKING:
    import pandas as pd

_CONTRACT, _TABLE, _REFERENCES, _SOURCES = "contract.json", "table.parquet", "references/", "sources.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content is the same bytes


def keep_version(project: Project, release: str, version: Path, *, bound: BoundTable, made_of: Collection[str]) -> None:
    """Keep what a version was before masking, under its number in the public store.

    Args:
        project: The project.
        release: The release, or one period of it.
        version: The version, as it will stand in the public store.
        bound: Its table before masking. Restricted.
        made_of: The sources of its aggregate.
    """
    target = _place(project, release, int(version.name))
    target.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    project.sealed_files.write(target, packed(bound, made_of))


def kept_version(project: Project, release: str, version: int, called: str) -> BoundTable | None:
    """Give a version with its contract as it was before masking; None where that was not kept. Restricted.

    Args:
        project: The project.
        release: The release, or one period of it.
        version: The version's number.
        called: What errors call it.

    Raises:
        InputError: It cannot be read.
    """
    kept = _place(project, release, version)
    return unpacked(project.sealed_files.read(kept), kept, called) if kept.is_file() else None


def original_of(project: Project, release: str, version: int) -> pd.DataFrame | None:
    """Give a version as it was before masking; None where that was not kept, or cannot be read any more. Restricted."""
    try:
        found = kept_version(project, release, version, release)
    except InputError:
        return None
    return None if found is None else found.original


def kept_sources(project: Project, release: str, version: int) -> list[str] | None:
    """Name the sources that a version was made of; None where that was not kept, or cannot be read."""
    kept = _place(project, release, version)
    if not kept.is_file():
        return None
    with zipfile.ZipFile(io.BytesIO(project.sealed_files.read(kept))) as archive:
        if _SOURCES not in archive.namelist():
            return None  # an earlier version of this package kept it
        return [str(name) for name in json.loads(archive.read(_SOURCES))]


def packed(bound: BoundTable, made_of: Collection[str]) -> bytes:
    """Put a table, its contract and its reference tables into one file; the same content is the same bytes."""
    files: dict[str, bytes] = {
        _CONTRACT: kept_contract(bound.contract),
        _TABLE: _parquet(bound.original),
        _SOURCES: json.dumps(sorted(made_of)).encode(),
    }
    for number, (name, reference) in enumerate(sorted(bound.references.items())):
        files[f"{_REFERENCES}{number}.json"] = json.dumps(name).encode()
        files[f"{_REFERENCES}{number}.parquet"] = _parquet(reference)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return data.getvalue()


def unpacked(data: bytes, path: Path, called: str) -> BoundTable:
    """Read what `packed` wrote.

    Args:
        data: The file.
        path: Where it stands.
        called: What errors of the contract call it.

    Raises:
        InputError: It is not what this version of the package keeps, or newer.
    """
    import pandas as pd

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            contract = contract_of_kept(archive.read(_CONTRACT), str(path))
            table = pd.read_parquet(io.BytesIO(archive.read(_TABLE)))
            references: dict[str, Any] = {}
            for member in sorted(archive.namelist()):
                if member.startswith(_REFERENCES) and member.endswith(".json"):
                    content = archive.read(f"{member.removesuffix('.json')}.parquet")
                    references[json.loads(archive.read(member))] = pd.read_parquet(io.BytesIO(content))
        return bind(contract, table, references, called)
    except NewerFormatError:
        raise
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, InputErrors):
        # also a contract as an older version of this tool wrote it
        found = "not what this version of ddg_pipeline keeps of a release"
    raise InputError(
        str(path), "file", found, "put it back from a backup, or move it away to go by the published table"
    )


def _parquet(frame: pd.DataFrame) -> bytes:
    data = io.BytesIO()
    frame.to_parquet(data, index=False)
    return data.getvalue()


def _place(project: Project, release: str, version: int) -> Path:
    return project.restricted / "versions" / release / f"{version}.zip"
