"""The CKAN portal: does it answer, and may the token write there?"""

from __future__ import annotations

from collections.abc import Iterator

from ddg_pipeline.doctor.finding import Finding, hint, ok, problem
from ddg_pipeline.orchestration.project import Project

_SECONDS = 15.0


def portal(project: Project) -> Iterator[Finding]:
    """Ask the portal for its version and for the organization, with the token; nothing is written."""
    if project.ckan is None:
        yield hint("portal", "ddg.yaml names no CKAN portal", "nothing, or write `ckan` (docs/how-to/portal.md)")
        return
    from ddg_pipeline.publishing.ckan.client import PortalClient

    asked = project.ckan.model_copy(update={"attempts": 1, "connect_timeout": _SECONDS, "read_timeout": _SECONDS})
    with PortalClient(asked) as client:
        version = client.call("status_show").get("ckan_version", "?")
        yield ok("portal", f"{asked.url} answers: CKAN {version}")
        mine = client.call("organization_list_for_user", permission="create_dataset")
    names = {value for one in mine for value in (one.get("name"), one.get("id"))}
    if asked.organization in names:
        yield ok("portal", f"the token may write into {asked.organization}")
    else:
        yield problem("portal", f"the token may not write into {asked.organization}", "a token of one of its editors")
