"""The places where a project publishes, by the names under which the ledger notes them."""

from __future__ import annotations

import os

from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.publishing.ledger import PublicVersion


def public_places(project: Project) -> list[str]:
    """Name every place of a project, in the order of publication: portal folder, object storage, CKAN portal."""
    places = [os.path.relpath(project.portal, project.root), *(target.url for target in project.targets)]
    if project.ckan is not None:
        places.append(project.ckan.url)
    return places


def where_public(project: Project, release: str, certificate: str) -> dict[str, bool]:
    """Say for every place of a project whether the ledger notes a certificate as public there.

    Raises:
        InputError: The ledger cannot be read.
    """
    entries: list[PublicVersion] = [
        one for one in project.ledger.versions(release) if one.certificate == certificate and one.is_public
    ]
    return {place: any(place in one.public_at for one in entries) for place in public_places(project)}
