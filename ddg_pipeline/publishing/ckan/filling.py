"""Bring a dataset to what packages say it should hold; what is so already is left alone.

Every step looks before it writes. So it does not matter where an earlier run was killed, and a second run over the same
packages writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.publishing.ckan.client import PortalClient
from ddg_pipeline.publishing.ckan.layout import FILE_KEY, RELEASE_KEY, Layout, PortalFile
from ddg_pipeline.publishing.ckan.rows import (
    PortalTable,
    RowChanges,
    change_rows,
    create_table,
    read_table,
    wanted_rows,
)

_UPLOAD = "upload"  # CKAN's word for a resource whose file it keeps itself


@dataclass(frozen=True)
class Filled:
    """What was written into a dataset for one release.

    Attributes:
        files: The files that were uploaded.
        rows: The rows of the datastore that changed.
        rebuilt: Whether the datastore was made anew.
        resources: The id of each file's resource.
    """

    files: tuple[str, ...]
    rows: RowChanges
    rebuilt: bool
    resources: Mapping[str, str]


def find_resource(dataset: Mapping[str, Any], layout: Layout, file: PortalFile) -> dict[str, Any] | None:
    """Find the resource that we made, or adopted, for a file."""
    ours = {RELEASE_KEY: layout.release, FILE_KEY: file.name}
    for resource in dataset["resources"]:
        if resource["id"] == file.resource_id or all(resource.get(key) == value for key, value in ours.items()):
            return dict(resource)
    return None


def same_names(dataset: Mapping[str, Any], layout: Layout) -> dict[str, dict[str, Any]]:
    """Find resources that we did not make, and that bear the name of one that we would make; by file."""
    found = {}
    for file in layout.files:
        if find_resource(dataset, layout, file) is not None:
            continue
        for resource in dataset["resources"]:
            if not resource.get(RELEASE_KEY) and (
                resource.get("name") == file.fields["name"] or file_name(resource) == layout.csv.name == file.name
            ):
                found[file.name] = dict(resource)
    return found


def file_name(resource: Mapping[str, Any]) -> str:
    """Give the name of an uploaded file; empty for a link."""
    return str(resource.get("url") or "").rpartition("/")[2] if resource.get("url_type") == _UPLOAD else ""


def download_path(dataset: Mapping[str, Any], resource: Mapping[str, Any], name: str) -> str:
    """Give the path of a file on the portal's site."""
    return f"dataset/{dataset['id']}/resource/{resource['id']}/download/{name}"


def needs_rebuilding(client: PortalClient, dataset: Mapping[str, Any], layout: Layout) -> bool:
    """Whether the datastore of a release has other columns than the package, so that it has to be made anew."""
    resource = find_resource(dataset, layout, layout.csv)
    if resource is None:
        return False
    table = read_table(client, resource["id"], layout)
    return table is not None and (not table.has_columns_of(layout) or bool(table.repeated))


def fill(
    client: PortalClient,
    dataset_id: str,
    layout: Layout,
    *,
    adopted: Mapping[str, Mapping[str, Any]] | None = None,
    may_rebuild: bool,
) -> Filled:
    """Make a dataset hold a package: file, datastore and data dictionary, then the other files, the certificate last.

    Where the resource of the table is there already, its datastore changes before its file: rows take longest and are
    likeliest to fail, and while they change, page, files and certificate still say the version before. The certificate
    is the last file, so that whoever downloads a mixture is told by ``ddg verify``.

    Args:
        client: The portal.
        dataset_id: The dataset.
        layout: The package.
        adopted: Resources that are to be taken over, by file.
        may_rebuild: Whether the datastore may be taken away and made anew; only where nobody can read it.

    Raises:
        RefusedError: The datastore has to be made anew, and may not be.
        InputError: The portal does not take it.
    """
    dataset = client.call("package_show", id=dataset_id)
    taken = (adopted or {}).get(layout.csv.name)
    ours = find_resource(dataset, layout, layout.csv)
    table = ours or taken
    uploaded, resources = [], {}
    rows, rebuilt = RowChanges(), False
    if table is not None:
        rows, rebuilt = _fill_table(client, table["id"], layout, may_rebuild=may_rebuild, anew=ours is None)
    for file in layout.files:
        resource = find_resource(dataset, layout, file) or (adopted or {}).get(file.name)
        identity, sent = _put_file(client, dataset, layout, file, resource)
        resources[file.name] = identity
        if sent:
            uploaded.append(file.name)
        if file is layout.csv and table is None:
            rows, rebuilt = _fill_table(client, identity, layout, may_rebuild=True)
    _remove_others(client, dataset, layout)
    return Filled(tuple(uploaded), rows, rebuilt, resources)


def dictionary_differences(table: PortalTable, layout: Layout) -> list[str]:
    """Name the columns that the data dictionary on the portal describes otherwise."""
    shown = {column["id"]: column.get("info") or {} for column in table.columns}
    return [
        str(column["id"])
        for column in layout.columns
        if any(shown.get(column["id"], {}).get(key, "") != text for key, text in column["info"].items())
    ]


def _fill_table(
    client: PortalClient, resource_id: str, layout: Layout, *, may_rebuild: bool, anew: bool = False
) -> tuple[RowChanges, bool]:
    table = read_table(client, resource_id, layout)
    rebuild = table is not None and (anew or not table.has_columns_of(layout) or bool(table.repeated))
    if rebuild:
        if not may_rebuild:
            raise RefusedError(f"{layout.release}: the datastore has other columns, and is public; run it again")
        client.find("datastore_delete", resource_id=resource_id, force=True)  # gone already is as good
        table = None
    if table is None or dictionary_differences(table, layout):
        create_table(client, resource_id, layout)
    if table is None:
        table = PortalTable(layout.columns, {}, {}, 0)
    return change_rows(client, resource_id, table, wanted_rows(layout)), rebuild


def _put_file(
    client: PortalClient,
    dataset: Mapping[str, Any],
    layout: Layout,
    file: PortalFile,
    resource: Mapping[str, Any] | None,
) -> tuple[str, bool]:
    """Upload a file unless it is there; give the id of its resource, and whether it was sent."""
    path = layout.directory / file.name
    if resource is None:

        def made() -> Any | None:
            return client.find("resource_show", id=file.resource_id)

        # made twice under one id, a resource makes the whole dataset unusable: CKAN answers every change with 500
        created = client.upload(
            "resource_create", path, already=made, package_id=dataset["id"], id=file.resource_id, **file.fields
        )
        return str(created["id"]), True
    identity = str(resource["id"])
    told = {key: str(resource.get(key) or "") for key in file.fields}
    there = resource.get("url_type") == _UPLOAD and file_name(resource) == file.name and told["hash"] == file.sha256
    if not there or client.download_sha256(download_path(dataset, resource, file.name)) != file.sha256:
        client.upload("resource_patch", path, id=identity, **file.fields)
        return identity, True
    if told != dict(file.fields):
        client.call("resource_patch", id=identity, **file.fields)
    return identity, False


def _remove_others(client: PortalClient, dataset: Mapping[str, Any], layout: Layout) -> None:
    """Remove resources of files that an earlier version of the package had."""
    names = {file.name for file in layout.files}
    for resource in dataset["resources"]:
        if resource.get(RELEASE_KEY) == layout.release and resource.get(FILE_KEY) not in names:
            client.find("resource_delete", id=resource["id"])
