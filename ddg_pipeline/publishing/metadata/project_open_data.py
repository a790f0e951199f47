"""A dataset entry of Project Open Data 1.1 (DCAT-US 1.1), and its rules.

The rules are those of the metadata schema, version 1.1, for publishers that are not federal: what must be there, and
which form each field has. Source: https://resources.data.gov/resources/dcat-us/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.publishing.metadata.facts import MetadataFacts
from ddg_pipeline.publishing.metadata.mapping import load_mapping
from ddg_pipeline.publishing.metadata.values import metadata_values
from ddg_pipeline.validation_messages import mistakes

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

MAPPING = "dcat_us_1_1"

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?"
_LENGTH = r"P(\d+(\.\d+)?[YMWD])+|P(\d+(\.\d+)?[YMWD])*T(\d+(\.\d+)?[HMS])+"
_Text = Annotated[str, Field(min_length=1)]
_Url = Annotated[str, Field(pattern=r"^https?://\S+$")]
_MediaType = Annotated[str, Field(pattern=r"^[\w-]+/[\w-]+(\.[\w-]+)*(\+[\w-]+)?$")]
_Day = Annotated[str, Field(pattern=rf"^{_DATE}{_TIME}$")]
_DayOrInterval = Annotated[str, Field(pattern=rf"^({_DATE}{_TIME}|R/({_LENGTH}))$")]
_Interval = Annotated[str, Field(pattern=rf"^{_DATE}{_TIME}/({_DATE}{_TIME}|{_LENGTH})$")]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$")]
Accrual = Literal[
    "R/P10Y", "R/P4Y", "R/P3Y", "R/P2Y", "R/P1Y", "R/P6M", "R/P4M", "R/P3M", "R/P2M", "R/P1M", "R/P0.5M", "R/P0.33M",
    "R/P2W", "R/P1W", "R/P0.5W", "R/P0.33W", "R/P3.5D", "R/P1D", "R/PT1H", "R/PT1S", "irregular",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Organization(_Part):
    type: Literal["org:Organization"] = Field(alias="@type")
    name: _Text


class _Contact(_Part):
    type: Literal["vcard:Contact"] = Field(alias="@type")
    fn: _Text
    hasEmail: Annotated[str, Field(pattern=r"^mailto:[^@\s]+@[^@\s]+\.[^@\s]+$")]  # noqa: N815 - the standard's name


class _Distribution(_Part):
    type: Literal["dcat:Distribution"] = Field(alias="@type")
    title: _Text | None = None
    description: _Text | None = None
    format: _Text | None = None
    mediaType: _MediaType | None = None  # noqa: N815
    downloadURL: _Url | None = None  # noqa: N815
    accessURL: _Url | None = None  # noqa: N815
    describedBy: _Url | None = None  # noqa: N815
    describedByType: _MediaType | None = None  # noqa: N815
    conformsTo: _Url | None = None  # noqa: N815

    @model_validator(mode="after")
    def _downloads_have_a_type(self) -> _Distribution:
        if self.downloadURL is not None and self.mediaType is None:
            raise ValueError("write `mediaType` beside `downloadURL`")
        return self


class _Dataset(_Part):
    type: Literal["dcat:Dataset"] = Field(alias="@type")
    identifier: _Text
    title: _Text
    description: _Text
    keyword: Annotated[list[_Text], Field(min_length=1)]
    modified: _DayOrInterval
    publisher: _Organization
    contactPoint: _Contact  # noqa: N815
    accessLevel: Literal["public", "restricted public", "non-public"]  # noqa: N815
    rights: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    license: _Url | None = None
    spatial: _Text | None = None
    temporal: _Interval | None = None
    distribution: Annotated[list[_Distribution], Field(min_length=1)] | None = None
    accrualPeriodicity: Accrual | None = None  # noqa: N815
    conformsTo: _Url | None = None  # noqa: N815
    dataQuality: bool | None = None  # noqa: N815
    describedBy: _Url | None = None  # noqa: N815
    describedByType: _MediaType | None = None  # noqa: N815
    isPartOf: _Text | None = None  # noqa: N815
    issued: _Day | None = None
    landingPage: _Url | None = None  # noqa: N815
    language: Annotated[list[_Language], Field(min_length=1)] | None = None
    references: Annotated[list[_Url], Field(min_length=1)] | None = None
    theme: Annotated[list[_Text], Field(min_length=1)] | None = None


def project_open_data_entry(
    contract: ReleaseContract,
    rulebook: Rulebook,
    facts: MetadataFacts,
    defaults: PortalMetadata | None = None,
    download_url: str | None = None,
) -> dict[str, Any]:
    """Give the dataset entry of a release, checked.

    Args:
        contract: The contract.
        rulebook: The edition the release was judged by.
        facts: What the release tells.
        defaults: What the department says of all its releases.
        download_url: Where the table can be fetched, if that is known.

    Raises:
        InputErrors: What the standard requires is missing.
    """
    values = metadata_values(contract, rulebook, facts, defaults, download_url)
    entry = load_mapping(MAPPING).fill_in(values, contract.release)
    check_dataset_entry(entry, contract.release)
    return entry


def lacking_for_entry(values: Mapping[str, Any]) -> list[str]:
    """Name what the standard requires and nobody told; as long as there is any, a package has no entry.

    Args:
        values: As `metadata_values` gives them.
    """
    required = load_mapping(MAPPING).required
    return [name for name in required if not values[name]]


def check_dataset_entry(entry: object, place: str) -> None:
    """Check a dataset entry against the rules of the standard.

    Args:
        entry: The entry.
        place: What errors call it.

    Raises:
        InputErrors: With everything that is not as the standard asks for.
    """
    try:
        _Dataset.model_validate(entry)
    except ValidationError as error:
        told = mistakes(_Dataset, entry, error)
        raise InputErrors([InputError(place, one.field, one.found, one.expected) for one in told]) from None


ACCRUAL_CODES: frozenset[str] = frozenset(get_args(Accrual))
