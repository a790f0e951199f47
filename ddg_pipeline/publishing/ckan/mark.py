"""What a dataset on the portal says about itself: that we made it, which version is public, which is on its way.

It stands as JSON in one of the dataset's own fields (CKAN's extras), so it changes in the same transaction as what it
tells of, and a run that was killed is recognised by the next one, on any machine.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.ckan.client import PortalClient
from ddg_pipeline.quality.certificate_form import Certificate, Sha256

MARK_KEY: Final = "ddg_publication"


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Version(_Form):
    """One certified version of a release.

    Attributes:
        certificate: SHA-256 of its certificate.
        issued_at: When that was issued.
    """

    certificate: Sha256
    issued_at: dt.datetime

    @classmethod
    def of(cls, certificate: Certificate, sha256: str) -> Self:
        """Give the version that a certificate stands for."""
        return cls(certificate=sha256, issued_at=certificate.issued_at)


class Withdrawal(_Form):
    """That a release was withdrawn.

    Attributes:
        at: When, UTC.
        reason: Why; anyone who may read the dataset may read it.
        version: What was public, or on its way.
    """

    at: dt.datetime
    reason: str
    version: Version | None


class ReleaseMark(_Form):
    """Where one release of the dataset stands.

    Attributes:
        public: The version that is public; None before the first one, and after a withdrawal.
        coming: The version that a run is, or was, writing; None where that run came to its end.
        withdrawn: The last withdrawal; None where there was none since the last publication.
    """

    public: Version | None = None
    coming: Version | None = None
    withdrawn: Withdrawal | None = None


class Mark(_Form):
    """What we note in a dataset.

    Attributes:
        form: The form of this note.
        staging_for: Of a staging dataset, the dataset it belongs to.
        releases: By release, where it stands.
        extras: The keys of the extras that we set; others are left alone.
        hidden: Whether it was us who made the dataset private.
    """

    form: Literal[1] = 1
    staging_for: str | None = None
    releases: dict[str, ReleaseMark] = {}
    extras: tuple[str, ...] = ()
    hidden: bool = False

    def changed(
        self,
        releases: Mapping[str, ReleaseMark],
        *,
        extras: Iterable[str] | None = None,
        hidden: bool | None = None,
    ) -> Mark:
        """Give the mark with some releases, and what else is given, replaced."""
        update: dict[str, Any] = {"releases": {**self.releases, **releases}}
        if extras is not None:
            update["extras"] = tuple(sorted(extras))
        if hidden is not None:
            update["hidden"] = hidden
        return self.model_copy(update=update)

    def release(self, name: str) -> ReleaseMark:
        """Say where a release stands."""
        return self.releases.get(name, ReleaseMark())

    def to_extra(self) -> dict[str, str]:
        """Give the mark as CKAN stores it."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return {"key": MARK_KEY, "value": text}


def read_mark(dataset: Mapping[str, Any], place: str) -> Mark | None:
    """Read the mark of a dataset as the portal shows it; None where there is none.

    Raises:
        InputError: There is one that is not ours, or of a later version of this tool.
    """
    values = extras_of(dataset)
    if MARK_KEY not in values:
        return None
    try:
        return Mark.model_validate_json(values[MARK_KEY])
    except ValidationError:
        found = "something that this version of the tool did not write"
        raise InputError(place, MARK_KEY, found, "the version that published it last, or the field as it was") from None


def patch_dataset(
    client: PortalClient, dataset_id: str, mark: Mark, extras: Mapping[str, str], **more: Any
) -> dict[str, Any]:
    """Change fields of a dataset together with its mark, in one transaction of the portal.

    Args:
        client: The portal.
        dataset_id: The dataset.
        mark: Its new mark.
        extras: All its other extras, those of other people too: CKAN replaces the whole list.
        more: Other fields.
    """
    values = [{"key": key, "value": value} for key, value in extras.items() if key != MARK_KEY]
    patched: dict[str, Any] = client.call("package_patch", id=dataset_id, extras=[*values, mark.to_extra()], **more)
    return patched


def extras_of(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Give the extras of a dataset by key."""
    return {str(extra["key"]): str(extra["value"]) for extra in dataset.get("extras") or ()}
