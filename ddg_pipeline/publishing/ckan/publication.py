"""Publish certified packages to a CKAN portal, so that a reader meets what passed the gate and nothing else.

**A first publication** has one moment: the dataset is made private, filled, read back and compared with the
certificate, and then made public by one call (``private: false``, together with the note that this version is public).
Until then no reader sees that it is there.

**An update of a public dataset** has no such moment on CKAN, because each file and the datastore change by calls of
their own. It is written into a private staging dataset first, read back and compared there, and only when all datasets
of the group have passed that, the public ones are changed, by one of two ways (``updates`` in the settings):

* ``in_place``, in this order: the dataset notes which version is coming; the datastore's rows (changed ones, new ones,
  those that are gone: each one transaction, if it fits into ``rows_per_call``); the CSV; the other files; the
  certificate; and last, in one call, the dataset's fields with the note that the new version is public. Readers can
  read all the time. In between they meet, part by part, the old or the new version whole; every row of the datastore is
  a row of one of the two. Such a mixture tells nothing that the two versions do not tell together, and these are
  readable together anyway, by whoever kept the old one; that they are safe together is for masking to see to. While it
  lasts, the note says so, and the certificate on the portal does not fit, so ``ddg verify`` of a mixture fails.
* ``hidden``: the dataset is made private, changed, read back and compared, and made public again. Readers see the old
  version, nothing, or the new one. This way is also taken where the datastore gets other columns, because it has to be
  made anew for that.

A run that is killed leaves its note. The next one, of this or a later version, finds it, looks at what is there, and
writes what is missing. An earlier version than the one public or coming is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.publishing.ckan.clearing import clear_release, reason_of
from ddg_pipeline.publishing.ckan.client import PortalClient
from ddg_pipeline.publishing.ckan.comparing import field_problems, given_extras, problems
from ddg_pipeline.publishing.ckan.filling import (
    Filled,
    download_path,
    fill,
    find_resource,
    needs_rebuilding,
    same_names,
)
from ddg_pipeline.publishing.ckan.layout import Layout, snapshots, staging_name
from ddg_pipeline.publishing.ckan.mark import (
    MARK_KEY,
    Mark,
    ReleaseMark,
    Version,
    extras_of,
    patch_dataset,
    read_mark,
)
from ddg_pipeline.publishing.ckan.rows import RowChanges
from ddg_pipeline.publishing.ckan.settings import CkanPortal
from ddg_pipeline.publishing.folder import Package

# what a publication decides by itself
_OURS: Final = frozenset({"id", "name", "owner_org", "private", "resources", "state"})


@dataclass(frozen=True)
class CkanReceipt:
    """What was published on a portal.

    Attributes:
        release: The release.
        dataset: The dataset's name.
        url: The dataset's page.
        download: Where the CSV is.
        certificate: SHA-256 of the certificate.
        files: SHA-256 of every file, the certificate too.
        resources: The id of each file's resource.
        replaced: SHA-256 of the certificate that was public before; None for a first publication.
        operations: What was done, in the words of the Open Data Handbook: ``publish`` for the first time, ``replace``
            the table by one of other columns, ``append``, ``update`` and ``delete`` rows. Empty if the rows are what
            they were. (To take back a whole release: `retract_from_ckan`.)
        rows: How many rows that were.
        changed: Whether anything was written; False if the portal had all of it.
    """

    release: str
    dataset: str
    url: str
    download: str
    certificate: str
    files: Mapping[str, str]
    resources: Mapping[str, str]
    replaced: str | None
    operations: tuple[str, ...]
    rows: RowChanges
    changed: bool

    def __str__(self) -> str:
        if not self.changed:
            return f"{self.release}: already public on {self.url}; nothing was changed"
        return f"{self.release}: public on {self.url} ({', '.join(self.operations) or 'the same rows'})"


def publish_together_to_ckan(
    packages: Sequence[Package],
    portal: CkanPortal,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[CkanReceipt]:
    """Publish certified packages to a CKAN portal: all of them are tried out and compared before one becomes public.

    A second call over the same packages writes nothing, and says so. A call after one that was killed, anywhere,
    completes it. The order of steps, and what readers can see at each: see this module.

    Args:
        packages: The packages of one release, or of releases that are linked.
        portal: The portal.
        fields: By dataset, further fields for it, as CKAN's ``package_create`` takes them (``title``, ``notes``,
            ``tags``, ``extras``, …). A dataset without any gets title and description of the contract, if it holds one
            release only.

    Raises:
        RefusedError: A certificate is void, or older than what is public or was withdrawn; or what the portal gives
            back is not what was sent. In the second case nothing became public, unless the message says so.
        InputError: The portal, its settings or the token are wrong; or something that this tool did not make stands
            where a release belongs.
    """
    fields = fields or {}
    with snapshots(packages) as layouts, PortalClient(portal) as client, PortalClient(portal, anonymous=True) as public:
        by_dataset: dict[str, list[Layout]] = {}
        for layout in layouts:
            by_dataset.setdefault(layout.names.dataset, []).append(layout)
        datasets = [_Dataset(client, public, name, held, fields.get(name)) for name, held in by_dataset.items()]
        for dataset in datasets:
            dataset.look()
        for dataset in datasets:
            dataset.try_out()
        for dataset in datasets:
            dataset.make_public()
        for dataset in datasets:
            dataset.check_as_anybody()
        receipts = {receipt.release: receipt for dataset in datasets for receipt in dataset.receipts()}
        return [receipts[layout.release] for layout in layouts]


class _Dataset:
    """One dataset on its way to the public, with the releases in it that are published now."""

    def __init__(
        self,
        client: PortalClient,
        public: PortalClient,
        name: str,
        layouts: Sequence[Layout],
        fields: Mapping[str, Any] | None,
    ) -> None:
        self._client, self._public = client, public
        self._portal = client.portal
        self._name = name
        self._layouts = layouts
        self._given = dict(fields or {})
        self._fields: dict[str, Any] = {}
        self._shown: dict[str, Any] | None = None
        self._mark = Mark()
        self._before: dict[str, ReleaseMark] = {}
        self._adopted: dict[str, dict[str, dict[str, Any]]] = {}
        self._filled: dict[str, Filled] = {}
        self._done = False

    def look(self) -> None:
        """See what is on the portal, before anything is written.

        Raises:
            InputError: It is not ours, or not as we left it.
            RefusedError: A later version is public, coming, or withdrawn.
        """
        wrong = sorted(_OURS & self._given.keys() | ({MARK_KEY} & given_extras(self._given).keys()))
        if wrong:
            found = ", ".join(wrong)
            raise InputError(self._name, "the fields of the dataset", found, "leave out what publishing decides itself")
        self._shown = self._client.find("package_show", id=self._name)
        if self._shown is None:
            self._fields = self._dataset_fields()
            return
        self._mark = self._own_mark(self._shown)
        if self._shown.get("state") != "active":
            expected = "restore it there, or have an administrator purge it; somebody deleted it"
            raise InputError(self._portal.url, self._name, "deleted", expected)
        self._before = {layout.release: self._mark.release(layout.release) for layout in self._layouts}
        self._fields = self._dataset_fields()
        for layout in self._layouts:
            _refuse_older(layout, self._mark.release(layout.release))
            self._adopted[layout.release] = self._adoptable(layout)
        if self._shown["private"] and not self._mark.hidden and any(one.public for one in self._mark.releases.values()):
            found = "private, though it was published"
            expected = "make it public again there, or withdraw its releases; somebody hid it"
            raise InputError(self._portal.url, self._name, found, expected)
        self._refuse_to_show_halves()
        same = all(mark == ReleaseMark(public=layout.version) for layout, mark in self._with_marks())
        self._done = same and not self._problems(self._public)

    def try_out(self) -> None:
        """Write everything where nobody can read it, read it back, and compare.

        Raises:
            RefusedError: What the portal gives back is not what was sent.
            InputError: The portal does not take it.
        """
        if self._done:
            return
        if self._shown is None:
            self._shown = self._create()
            self._fill_hidden()
            return
        if self._shown["private"]:
            self._patch(self._coming(), complete=False, private=True)
            self._fill_hidden()
            return
        staging = self._staging()
        for layout in self._layouts:
            fill(self._client, staging["id"], layout.staged(), may_rebuild=True)
        found = [problem for one in self._layouts for problem in problems(self._client, one.staged(), public=False)]
        self._refuse(found, "nothing was published: the portal gives back something else than was sent")

    def make_public(self) -> None:
        """Change what the public sees.

        Raises:
            RefusedError: What the portal gives back is not what was sent.
            InputError: The portal does not take it.
        """
        if self._done:
            return
        assert self._shown is not None  # noqa: S101 - try_out has made it
        if self._shown["private"]:
            self._patch(self._arrived(), complete=True, private=False)
            return
        rebuild = any(needs_rebuilding(self._client, self._shown, layout) for layout in self._layouts)
        if self._portal.updates == "hidden" or rebuild or any(self._adopted.values()):
            self._patch(self._coming(), complete=False, private=True)
            self._fill_hidden()
            self._patch(self._arrived(), complete=True, private=False)
            return
        self._patch(self._coming(), complete=False)
        for layout in self._layouts:
            self._filled[layout.release] = fill(self._client, self._id, layout, may_rebuild=False)
        self._patch(self._arrived(), complete=True)

    def check_as_anybody(self) -> None:
        """Compare what anybody reads, without a token, with the packages.

        Raises:
            RefusedError: It is something else.
        """
        if not self._done:
            found = self._problems(self._public)
            self._refuse(found, "published, but the public reads something else")

    def receipts(self) -> list[CkanReceipt]:
        """Say what was done."""
        return [self._receipt(layout) for layout in self._layouts]

    @property
    def _id(self) -> str:
        assert self._shown is not None  # noqa: S101
        return str(self._shown["id"])

    def _with_marks(self) -> list[tuple[Layout, ReleaseMark]]:
        return [(layout, self._mark.release(layout.release)) for layout in self._layouts]

    def _own_mark(self, shown: Mapping[str, Any]) -> Mark:
        mark = read_mark(shown, f"{self._portal.url}: {self._name}")
        if mark is None and not self._portal.adopt:
            expected = "another `publication.dataset` in the contract; or `adopt: true` in the portal's settings"
            raise InputError(self._portal.url, self._name, "a dataset that this tool did not make", expected)
        if mark is not None and mark.staging_for is not None:
            found = f"the staging dataset of {mark.staging_for}"
            raise InputError(self._portal.url, self._name, found, "another `publication.dataset` in the contract")
        return mark or Mark()

    def _refuse_to_show_halves(self) -> None:
        """Refuse to make a dataset public in which another release is half written.

        Raises:
            RefusedError: One is.
        """
        assert self._shown is not None  # noqa: S101
        now = {layout.release for layout in self._layouts}
        halves = [
            release
            for release, mark in self._mark.releases.items()
            if mark.public is not None and mark.coming is not None and release not in now
        ]
        if halves and self._shown["private"]:
            names = ", ".join(halves)
            raise RefusedError(
                f"{self._name}: hidden, because an update of {names} did not come to its end; "
                f"{made_by(halves[0], 'publication')}"
            )

    def _adoptable(self, layout: Layout) -> dict[str, dict[str, Any]]:
        assert self._shown is not None  # noqa: S101
        found = same_names(self._shown, layout)
        if found and not self._portal.adopt:
            names = ", ".join(sorted(str(resource.get("name")) for resource in found.values()))
            expected = "rename or remove it there; or `adopt: true` in the portal's settings"
            place = f"{self._portal.url}: {self._name}"
            raise InputError(place, names, "a resource that this tool did not make", expected)
        return found

    def _dataset_fields(self) -> dict[str, Any]:
        """Give the fields of the dataset: those given, else what the only contract of the dataset says."""
        releases = {layout.release for layout in self._layouts}
        fields: dict[str, Any] = {}
        if len(releases) == 1 and self._mark.releases.keys() <= releases:
            contract = self._layouts[0].package.contract
            fields = {"title": contract.title, "notes": contract.description.strip() or contract.title}
        elif self._shown is None:
            titles = [layout.package.contract.title for layout in self._layouts]
            fields = {
                "title": self._name.replace("-", " ").capitalize(),
                "notes": "\n".join(f"* {title}" for title in titles),
            }
        return fields | self._given

    def _create(self) -> dict[str, Any]:
        def made() -> Any | None:
            return self._client.find("package_show", id=self._name)

        extras = given_extras(self._fields)
        self._mark = Mark(hidden=True).changed(self._coming(), extras=extras)
        created: dict[str, Any] = self._client.call(
            "package_create",
            already=made,
            **self._plain_fields(),
            name=self._name,
            owner_org=self._portal.organization,
            private=True,
            extras=[*({"key": key, "value": value} for key, value in extras.items()), self._mark.to_extra()],
        )
        return created

    def _staging(self) -> dict[str, Any]:
        """Give the private dataset in which updates are tried out; made where it is missing."""
        name = staging_name(self._name)
        mark = Mark(staging_for=self._name)
        shown: dict[str, Any] | None = self._client.find("package_show", id=name)
        if shown is not None:
            if read_mark(shown, f"{self._portal.url}: {name}") != mark:
                found = "a dataset that this tool did not make"
                raise InputError(self._portal.url, name, found, "rename or remove it: updates are tried out there")
            if not shown["private"] or shown.get("state") != "active":
                shown = self._client.call("package_patch", id=shown["id"], private=True, state="active")
            return dict(shown or {})

        def made() -> Any | None:
            return self._client.find("package_show", id=name)

        created: dict[str, Any] = self._client.call(
            "package_create",
            already=made,
            name=name,
            owner_org=self._portal.organization,
            private=True,
            title=f"Staging of {self._name}",
            notes="Private. Updates are tried out here before they become public.",
            extras=[mark.to_extra()],
        )
        return created

    def _fill_hidden(self) -> None:
        """Fill the dataset while nobody can read it, and compare."""
        assert self._shown is not None  # noqa: S101
        now = {layout.release for layout in self._layouts}
        for release, mark in self._mark.releases.items():
            if mark.public is None and release not in now:  # withdrawn, or never completed: not to come along
                clear_release(self._client, self._shown, release, reason_of(mark))
        for layout in self._layouts:
            adopted = self._adopted.get(layout.release)
            self._filled[layout.release] = fill(self._client, self._id, layout, adopted=adopted, may_rebuild=True)
        if field_problems(self._client, self._name, self._fields):
            self._patch(self._coming(), complete=True)
        found = [problem for layout in self._layouts for problem in problems(self._client, layout, public=False)]
        found += field_problems(self._client, self._name, self._fields)
        self._refuse(found, "nothing was published: the portal gives back something else than was sent")

    def _patch(self, marks: Mapping[str, ReleaseMark], *, complete: bool, private: bool | None = None) -> None:
        """Note where releases stand, in one call with whatever belongs to it.

        Args:
            marks: Where they stand.
            complete: Whether the dataset's other fields get their new values too.
            private: Whether nobody, or everybody, may read the dataset from now on; None leaves it as it is.
        """
        extras = extras_of(self._client.call("package_show", id=self._id))
        more: dict[str, Any] = {} if private is None else {"private": private}
        mark = self._mark.changed(marks, hidden=private)
        if complete:
            given = given_extras(self._fields)
            extras = {key: value for key, value in extras.items() if key not in self._mark.extras} | given
            mark = mark.changed({}, extras=given)
            more |= self._plain_fields()
        self._shown = patch_dataset(self._client, self._id, mark, extras, **more)
        self._mark = mark

    def _coming(self) -> dict[str, ReleaseMark]:
        return {
            layout.release: mark.model_copy(update={"coming": layout.version}) for layout, mark in self._with_marks()
        }

    def _arrived(self) -> dict[str, ReleaseMark]:
        return {layout.release: ReleaseMark(public=layout.version) for layout in self._layouts}

    def _plain_fields(self) -> dict[str, Any]:
        return {key: value for key, value in self._fields.items() if key != "extras"}

    def _problems(self, client: PortalClient) -> list[str]:
        found = [problem for layout in self._layouts for problem in problems(client, layout, public=True)]
        return found + field_problems(client, self._name, self._fields)

    def _refuse(self, found: Sequence[str], what: str) -> None:
        if found:
            raise RefusedError(f"{self._name}: {what}: {'; '.join(found)}")

    def _receipt(self, layout: Layout) -> CkanReceipt:
        assert self._shown is not None  # noqa: S101
        portal, filled = self._portal, self._filled.get(layout.release)
        if filled is not None:
            resources = filled.resources
        else:
            found = {file.name: find_resource(self._shown, layout, file) or {} for file in layout.files}
            resources = {name: str(resource.get("id")) for name, resource in found.items()}
        before = self._before.get(layout.release, ReleaseMark()).public
        path = download_path(self._shown, {"id": resources[layout.csv.name]}, layout.csv.name)
        return CkanReceipt(
            release=layout.release,
            dataset=self._name,
            url=f"{portal.url}/dataset/{self._name}",
            download=f"{portal.url}/{path}",
            certificate=layout.version.certificate,
            files={file.name: file.sha256 for file in layout.files},
            resources=resources,
            replaced=None if before is None else before.certificate,
            operations=() if filled is None else _operations(before, filled),
            rows=RowChanges() if filled is None else filled.rows,
            changed=filled is not None,
        )


def _operations(before: Version | None, filled: Filled) -> tuple[str, ...]:
    if before is None:
        return ("publish",)
    if filled.rebuilt:
        return ("replace",)
    done = {"append": filled.rows.appended, "update": filled.rows.updated, "delete": filled.rows.deleted}
    return tuple(name for name, rows in done.items() if rows)


def _refuse_older(layout: Layout, mark: ReleaseMark) -> None:
    """Refuse what passed the gate before something that is public, on its way, or was withdrawn.

    Raises:
        RefusedError: It did.
    """
    release, ours = layout.release, layout.version
    again = made_by(release, "release")
    if mark.withdrawn is not None and mark.withdrawn.version is not None:
        withdrawn = mark.withdrawn.version
        if ours.issued_at <= withdrawn.issued_at:
            raise RefusedError(
                f"{release}: withdrawn from the portal on {mark.withdrawn.at:%Y-%m-%d} ({mark.withdrawn.reason}); this "
                f"version is not later than the withdrawn one, of {_moment(withdrawn)}; to publish it anew, {again}"
            )
    for known, what in ((mark.public, "public already"), (mark.coming, "being published already")):
        if known is not None and ours.issued_at < known.issued_at:
            raise RefusedError(
                f"{release}: certified at {_moment(ours)}, and a later release is {what}, of {_moment(known)}; {again}"
            )


def _moment(version: Version) -> str:
    return f"{version.issued_at:%Y-%m-%d %H:%M:%SZ}"
