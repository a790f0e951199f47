"""What tests of a portal share: `ckan` is a real one behind a proxy, with an organization and an editor's token."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ckanapi
import pytest
import requests

from ckan_portal import server
from ckan_portal.proxy import Proxy, proxy
from ddg_pipeline.publishing.ckan import CkanPortal

TOKEN_VARIABLE = "DDG_CKAN_TOKEN"


@dataclass(frozen=True)
class Ckan:
    """A portal for one test; whatever is published in it is purged afterwards.

    Attributes:
        proxy: What stands in front of it, and in its settings.
        direct: Its own address.
        administrator: May do everything; for arranging and cleaning up.
        editor: What an editor of the organization may do.
        token: The editor's token, which is in the environment too.
        organization: The organization.
    """

    proxy: Proxy
    direct: str
    administrator: Any
    editor: Any
    token: str
    organization: str

    def portal(self, **settings: Any) -> CkanPortal:
        """Give settings for it: quick to give up, else as by default."""
        given = {"url": self.proxy.url, "organization": self.organization, "attempts": 3, "longest_wait": 0.01}
        return CkanPortal(**(given | settings))

    @property
    def anybody(self) -> Any:
        """What anybody may do."""
        return ckanapi.RemoteCKAN(self.direct).action

    def get(self, path: str) -> requests.Response:
        """Read a page or file as anybody may, following no link to elsewhere."""
        return requests.get(f"{self.direct}/{path}", allow_redirects=False, timeout=60)

    def dataset(self, name: str) -> dict[str, Any] | None:
        """Give a dataset as anybody sees it; None where nobody but its organization does."""
        try:
            return dict(self.anybody.package_show(id=name))
        except (ckanapi.NotFound, ckanapi.NotAuthorized):
            return None

    def file(self, dataset: str, resource_id: str, name: str) -> bytes | None:
        """Give a file as anybody gets it; None where nobody but its organization does."""
        answer = self.get(f"dataset/{dataset}/resource/{resource_id}/download/{name}")
        return answer.content if answer.status_code == 200 else None

    def rows(self, resource_id: str) -> list[dict[str, Any]] | None:
        """Give the datastore's rows as anybody gets them; None where nobody but its organization does."""
        try:
            found = self.anybody.datastore_search(resource_id=resource_id, limit=32000)
        except (ckanapi.NotFound, ckanapi.NotAuthorized):
            return None
        return [{key: value for key, value in row.items() if key != "_id"} for row in found["records"]]

    def purge(self) -> None:
        """Remove everything of the organization."""
        found = self.administrator.package_search(
            fq=f"organization:{self.organization}", include_private=True, include_drafts=True, rows=1000
        )
        for dataset in found["results"]:
            for resource in dataset["resources"]:
                try:
                    self.administrator.datastore_delete(resource_id=resource["id"], force=True)
                except ckanapi.NotFound:
                    continue
            self.administrator.dataset_purge(id=dataset["id"])


@pytest.fixture(scope="session")
def ckan_server() -> Iterator[server.CkanServer]:
    """A real CKAN; skipped where something that it needs is not there."""
    if reason := server.missing():
        pytest.skip(reason)
    with server.running() as found:
        yield found


@pytest.fixture(scope="session")
def _ckan_organization(ckan_server: server.CkanServer) -> tuple[str, str]:
    """Make an organization with an editor; gives its name and the editor's token."""
    administrator = ckanapi.RemoteCKAN(ckan_server.url, apikey=ckan_server.token).action
    name = f"department-{secrets.token_hex(4)}"
    administrator.organization_create(name=name)
    return name, editor_of(administrator, name)


def editor_of(administrator: Any, organization: str) -> str:
    """Make a user who is an editor of an organization, and give a token."""
    name = f"editor-{secrets.token_hex(4)}"
    password = secrets.token_urlsafe(16)
    administrator.user_create(name=name, email=f"{name}@example.org", password=password)
    administrator.organization_member_create(id=organization, username=name, role="editor")
    return str(administrator.api_token_create(user=name, name="publishing")["token"])


@pytest.fixture(scope="session")
def _ckan_proxy(ckan_server: server.CkanServer) -> Iterator[Proxy]:
    with proxy(ckan_server.url) as found:
        yield found


@pytest.fixture
def ckan(
    ckan_server: server.CkanServer,
    _ckan_organization: tuple[str, str],
    _ckan_proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ckan]:
    """A portal for one test, with an editor's token in the environment."""
    organization, token = _ckan_organization
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    monkeypatch.setenv("NO_PROXY", ",".join(filter(None, ["127.0.0.1", os.environ.get("NO_PROXY", "")])))
    _ckan_proxy.forget()
    found = Ckan(
        proxy=_ckan_proxy,
        direct=ckan_server.url,
        administrator=ckanapi.RemoteCKAN(ckan_server.url, apikey=ckan_server.token).action,
        editor=ckanapi.RemoteCKAN(ckan_server.url, apikey=token).action,
        token=token,
        organization=organization,
    )
    yield found
    _ckan_proxy.forget()
    found.purge()
