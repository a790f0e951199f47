"""Take a release's data off the portal: its datastore and the bytes of its files.

The resources stay, with their ids, and say why there is nothing: whoever has their address learns it, and a later
publication brings the same addresses back. While the dataset is private nobody sees even that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddg_pipeline.publishing.ckan.client import PortalClient
from ddg_pipeline.publishing.ckan.layout import RELEASE_KEY
from ddg_pipeline.publishing.ckan.mark import ReleaseMark


def resources_of(dataset: Mapping[str, Any], release: str) -> list[dict[str, Any]]:
    """Give the resources of a release."""
    return [dict(resource) for resource in dataset["resources"] if resource.get(RELEASE_KEY) == release]


def reason_of(mark: ReleaseMark) -> str:
    """Say why there is nothing of a release."""
    if mark.withdrawn is None:
        return "Not published."
    return f"Withdrawn on {mark.withdrawn.at:%Y-%m-%d}: {mark.withdrawn.reason}"


def clear_release(client: PortalClient, dataset: Mapping[str, Any], release: str, reason: str) -> int:
    """Take away datastore and bytes of every resource of a release; gone already is as good.

    Args:
        client: The portal.
        dataset: The dataset, as shown a moment ago.
        release: The release.
        reason: What the resources say from now on.

    Returns:
        How many resources there are.
    """
    found = resources_of(dataset, release)
    page = f"{client.portal.url}/dataset/{dataset['name']}"
    for resource in found:
        # also where no resource says that it has one: a datastore outlives its resource's deletion
        client.find("datastore_delete", resource_id=resource["id"], force=True)
        if resource.get("url_type") or resource.get("hash") or resource.get("description") != reason:
            # a link in place of the file: only then does CKAN delete the bytes
            client.call(
                "resource_patch", id=resource["id"], url=page, clear_upload=True, hash="", size=None, description=reason
            )
    return len(found)
