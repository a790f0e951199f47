"""Which portal, which organization, and where its token is: the key ``ckan`` of ``ddg.yaml``.

The token is read when a client is opened, from the environment, and kept nowhere else: settings know the name of the
variable only, so nothing that prints, logs or compares them can tell it.
"""

from __future__ import annotations

import os
import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ddg_pipeline.errors import InputError

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _variable(text: str) -> str:
    # what stands there may be the token itself, so it is not quoted
    if _VARIABLE.fullmatch(text.strip()) is None:
        raise ValueError("something else than a variable; a token does not belong here")
    return text.strip()


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address with a user or password in it")
    if parts.query or parts.fragment or not parts.hostname:
        raise ValueError("no plain address")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("an address that does not begin with https:// (a token would travel unencrypted)")
    return text.rstrip("/")


class CkanPortal(BaseModel):
    """A CKAN portal, and how to publish to it.

    Attributes:
        url: Where it is, as in ``https://data.example.gov``; without ``/api``.
        organization: The name or id of the organization that datasets belong to.
        token: The variable of the environment that holds an API token, as in ``${DDG_CKAN_TOKEN}``. An editor of the
            organization suffices.
        mapping: How metadata are called there: ``calhhs``, ``data_ca_gov``, or the path of a department's own mapping
            (docs/reference/metadata.md). Left out: title and description only.
        adopt: Whether a dataset or resource of the same name that this tool did not make may be taken over.
        updates: How a public dataset changes: ``in_place``, readable all the time, or ``hidden``, readable by nobody
            while it changes. See `ddg_pipeline.publishing.ckan.publication`.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds to wait for an answer, or the next part of it.
        attempts: How often a request is tried that the portal does not answer, or refuses for now.
        longest_wait: Seconds between two attempts, at most; a portal that asks for more is given up to five minutes.
        rows_per_call: Rows of the datastore that are read or written by one request.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_address)]
    organization: Annotated[str, Field(pattern=r"^[a-z0-9_-]{2,100}$")]
    token: Annotated[str, AfterValidator(_variable)] = "${DDG_CKAN_TOKEN}"  # noqa: S105 - a variable's name
    mapping: Annotated[str, Field(min_length=1)] | None = None
    adopt: bool = False
    updates: Literal["in_place", "hidden"] = "in_place"
    connect_timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    read_timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 300.0
    attempts: Annotated[int, Field(ge=1, le=100)] = 6
    longest_wait: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 60.0
    rows_per_call: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000

    @property
    def token_variable(self) -> str:
        """The name of the environment variable that holds the token."""
        return self.token[2:-1]

    def read_token(self) -> str:
        """Read the token.

        Raises:
            InputError: The variable is not set, or holds something that cannot be a token.
        """
        token = os.environ.get(self.token_variable, "").strip()
        expected = f"an API token of an editor of {self.organization!r} on {self.url}"
        if not token:
            raise InputError("the environment", self.token_variable, "nothing", expected)
        if not token.isascii() or not token.isprintable() or " " in token:
            raise InputError("the environment", self.token_variable, "something that is no token", expected)
        return token
