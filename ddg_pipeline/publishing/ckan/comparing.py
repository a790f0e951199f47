"""What is on the portal, compared with a certified package: files, datastore, data dictionary and metadata.

Used before a dataset becomes public (with the token), after it did (as anybody may read it), and by the watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.ckan.client import PortalClient
from ddg_pipeline.publishing.ckan.filling import dictionary_differences, download_path, find_resource
from ddg_pipeline.publishing.ckan.layout import FILE_KEY, RELEASE_KEY, Layout, PortalFile, lay_out
from ddg_pipeline.publishing.ckan.mark import extras_of, read_mark
from ddg_pipeline.publishing.ckan.rows import Row, read_table, wanted_rows
from ddg_pipeline.publishing.ckan.settings import CkanPortal
from ddg_pipeline.publishing.folder import Package

_NAMED: Final = 3  # rows of the datastore that a problem names


def compare_with_portal(package: Package, portal: CkanPortal, fields: Mapping[str, Any] | None = None) -> list[str]:
    """Compare what anybody can read on the portal with a certified package.

    Args:
        package: The package that should be public.
        portal: The portal; no token is needed or used.
        fields: Dataset fields that it should show; None where they do not matter.

    Returns:
        Every problem, in words; none if all of it is ours. Rows are named by their categories.

    Raises:
        RefusedError: The package itself has no valid certificate.
        InputError: The portal does not answer.
    """
    layout = lay_out(package)
    with PortalClient(portal, anonymous=True) as client:
        return [*problems(client, layout, public=True), *field_problems(client, layout.names.dataset, fields or {})]


def problems(client: PortalClient, layout: Layout, *, public: bool) -> list[str]:
    """Compare one release on the portal with its package.

    Args:
        client: The portal, as the one reads it who asks.
        layout: The package.
        public: Whether the dataset says, and is, that this version is public.
    """
    name = layout.names.dataset
    dataset = client.find("package_show", id=name)
    if dataset is None:
        return [f"{name}: no such dataset for {'the public' if client.anonymous else 'this token'}"]
    found = []
    if public:
        found += _not_public(dataset, layout)
    for file in layout.files:
        found += _file_problems(client, dataset, layout, file)
    names = {file.name for file in layout.files}
    found += [
        f"{name}: {resource.get(FILE_KEY)}: not in the certificate"
        for resource in dataset["resources"]
        if resource.get(RELEASE_KEY) == layout.release and resource.get(FILE_KEY) not in names
    ]
    resource = find_resource(dataset, layout, layout.csv)
    if resource is not None:
        found += _table_problems(client, resource["id"], layout)
    return found


def field_problems(client: PortalClient, name: str, fields: Mapping[str, Any]) -> list[str]:
    """Compare the fields of a dataset with what they should say; lists whatever their order."""
    if not fields:
        return []
    dataset = client.find("package_show", id=name)
    if dataset is None:
        return [f"{name}: no such dataset for {'the public' if client.anonymous else 'this token'}"]
    return [
        f"{name}: {key}: not what was published"
        for key, value in fields.items()
        if key != "extras" and not _same(dataset.get(key), value)
    ] + [
        f"{name}: extras: {key}: not what was published"
        for key, value in given_extras(fields).items()
        if extras_of(dataset).get(key) != value
    ]


def given_extras(fields: Mapping[str, Any]) -> dict[str, str]:
    """Give the extras among the fields of a dataset by key; a mapping, or CKAN's list of keys and values."""
    extras = fields.get("extras") or {}
    if isinstance(extras, Mapping):
        return {str(key): str(value) for key, value in extras.items()}
    return extras_of(fields)


def _same(shown: Any, given: Any) -> bool:
    if isinstance(given, Mapping):
        # the portal adds keys of its own
        return isinstance(shown, Mapping) and all(_same(shown.get(key), value) for key, value in given.items())
    if isinstance(given, Sequence) and not isinstance(given, str):
        return (
            isinstance(shown, Sequence)
            and len(shown) == len(given)
            and all(any(_same(one, value) for one in shown) for value in given)
        )
    if given is None or given == "":
        return shown is None or shown == ""
    return str(shown) == str(given).strip() or shown == given


def _not_public(dataset: Mapping[str, Any], layout: Layout) -> list[str]:
    name = layout.names.dataset
    found = [f"{name}: private"] if dataset.get("private") else []
    try:
        mark = read_mark(dataset, name)
    except InputError as error:
        return [*found, str(error)]
    release = mark.release(layout.release) if mark is not None else None
    if release is None or release.public != layout.version:
        found.append(f"{name}: does not say that this version of {layout.release} is public")
    elif release.coming is not None:
        found.append(f"{name}: says that another version of {layout.release} is being written")
    return found


def _file_problems(client: PortalClient, dataset: Mapping[str, Any], layout: Layout, file: PortalFile) -> list[str]:
    place = f"{layout.names.dataset}: {file.name}"
    resource = find_resource(dataset, layout, file)
    if resource is None:
        return [f"{place}: no such resource"]
    found = [
        f"{place}: {key}: not what was published"
        for key, value in file.fields.items()
        if (resource.get(key) or "") != value
    ]
    got = client.download_sha256(download_path(dataset, resource, file.name))
    if got is None:
        found.append(f"{place}: cannot be downloaded")
    elif got != file.sha256:
        found.append(f"{place}: other bytes than the certified ones")
    return found


def _table_problems(client: PortalClient, resource_id: str, layout: Layout) -> list[str]:
    place = f"{layout.names.dataset}: datastore of {layout.csv.name}"
    table = read_table(client, resource_id, layout)
    if table is None:
        return [f"{place}: none"]
    if not table.has_columns_of(layout):
        return [f"{place}: other columns, or of other types, than the data dictionary says"]
    found = [f"{place}: {name}: described otherwise" for name in dictionary_differences(table, layout)]
    if table.repeated:
        found.append(f"{place}: rows that are there twice")
    rows = table.differences(wanted_rows(layout))
    found += _rows(place, "missing", layout, [_key(row, layout) for row in rows.missing])
    found += _rows(place, "not as certified", layout, [_key(row, layout) for row in rows.other])
    found += _rows(place, "not in the file", layout, rows.more)
    return found


def _key(row: Row, layout: Layout) -> Row:
    cells = dict(zip(layout.types, row, strict=True))
    return tuple(cells[name] for name in layout.key)


def _rows(place: str, what: str, layout: Layout, keys: Sequence[Row]) -> list[str]:
    if not keys:
        return []
    shown = [", ".join(f"{name}={cell}" for name, cell in zip(layout.key, key, strict=True)) for key in keys[:_NAMED]]
    return [f"{place}: {len(keys)} rows {what}, among them {'; '.join(shown)}"]
