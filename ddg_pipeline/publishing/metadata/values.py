"""Every field that a portal may show, filled in: what the contract says, else the department, else what can be told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.portal_metadata import TAG_PATTERN, PortalMetadata, RelatedResource, period_of
from ddg_pipeline.publishing.columns import ColumnWriter
from ddg_pipeline.publishing.metadata.codes import codes
from ddg_pipeline.publishing.metadata.facts import MetadataFacts
from ddg_pipeline.publishing.names import package_names

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

_ONE_MEANING = ("license", "terms_of_use")  # whoever says the one means it in place of the other


def metadata_values(
    contract: ReleaseContract,
    rulebook: Rulebook,
    facts: MetadataFacts,
    defaults: PortalMetadata | None = None,
    download_url: str | None = None,
) -> dict[str, Any]:
    """Fill in every field.

    Args:
        contract: The contract; what it says under ``publication.metadata`` wins, also where it says nothing (`null`).
        rulebook: The edition the release was judged by; its words tell how small numbers were treated.
        facts: What the release itself tells.
        defaults: What the department says of all its releases.
        download_url: Where the table can be fetched, if that is known.

    Returns:
        By name, as mappings use them (docs/reference/metadata.md): text, a list, or None for what nobody told. A name
        with a dot is another form of the field before the dot.
    """
    said = merged(contract.publication.metadata, defaults)
    names, table = package_names(contract), codes()
    title = said.title or contract.title
    description = said.description or _one_paragraph(contract.description)
    cadence = said.accrual_periodicity or contract.publication.cadence
    periodicity = None if cadence is None else table.periodicity[cadence]
    license_ = None if said.license is None else table.licenses[said.license]
    period = facts.covered.period if said.temporal_coverage is None else period_of(said.temporal_coverage)
    related = [
        one if isinstance(one, RelatedResource) else RelatedResource(title=one, url=one)
        for one in said.related_resources
    ]
    tags = said.tags or _tags(contract)
    method = said.deidentification_method or _method(contract, rulebook, facts)
    return {
        "release": contract.release,
        "dataset": names.dataset,
        "resource": names.resource,
        "file": names.csv,
        "identifier": f"{names.dataset}/{names.resource}",
        "title": title,
        "description": description,
        "description.whole": _paragraphs(description, said.limitations, said.additional_information),
        "department": said.department,
        "program": said.program,
        "contact_name": said.contact_name or said.program or said.department,
        "contact_email": said.contact_email,
        "contact_email.mailto": said.contact_email and f"mailto:{said.contact_email}",
        "homepage": said.homepage,
        "temporal_coverage": said.temporal_coverage or (period and _in_words(*period)),
        "temporal_coverage.interval": period and f"{period[0].isoformat()}/{period[1].isoformat()}",
        "temporal_coverage.begin": period and period[0].isoformat(),
        "temporal_coverage.end": period and period[1].isoformat(),
        "spatial_coverage": said.spatial_coverage or facts.covered.area,
        "geographic_granularity": said.geographic_granularity or facts.covered.granularity,
        "language": said.language,
        "language.code": table.languages[said.language],
        "language.codes": [table.languages[said.language]],
        "accrual_periodicity": periodicity and periodicity.label,
        "accrual_periodicity.code": periodicity and periodicity.code,
        "deidentification_method": method,
        "source_link": said.source_link,
        "data_collection_tool": said.data_collection_tool,
        "license": license_ and license_.title,
        "license.id": said.license,
        "license.url": license_ and license_.url,
        "license.ckan": license_.ckan if license_ else table.license_not_named,
        "terms_of_use": said.terms_of_use,
        "use.url": license_.url if license_ else said.terms_of_use,
        "limitations": said.limitations,
        "additional_information": said.additional_information,
        "related_resources": [one.url if one.title == one.url else f"{one.title}: {one.url}" for one in related],
        "related_resources.urls": list(dict.fromkeys(one.url for one in related)),
        "related_resources.titled": [{"title": one.title, "path": one.url} for one in related],
        "references": list(
            dict.fromkeys([*([said.source_link] if said.source_link else []), *(r.url for r in related)])
        ),
        "citation": said.citation,
        "topic": said.topic,
        "topics": [said.topic] if said.topic else [],
        "tags": tags,
        "tags.names": [{"name": tag} for tag in tags],
        "modified": facts.modified.isoformat(),
        "rulebook": rulebook.title,
        "download_url": download_url,
        "other": said.other,
    }


def merged(own: PortalMetadata, defaults: PortalMetadata | None) -> PortalMetadata:
    """Put what a contract says over what its department says."""
    if defaults is None:
        return own
    given = {name: getattr(own, name) for name in own.model_fields_set}
    below = {name: getattr(defaults, name) for name in defaults.model_fields_set}
    if any(name in given for name in _ONE_MEANING):
        below = {name: value for name, value in below.items() if name not in _ONE_MEANING}
    other = {**below.get("other", {}), **given.get("other", {})}
    return PortalMetadata.model_validate({**below, **given, "other": other})


def _method(contract: ReleaseContract, rulebook: Rulebook, facts: MetadataFacts) -> str:
    """Say in the rulebook's words how small numbers were treated (§4.4.3)."""
    writer = ColumnWriter(contract, rulebook, masked=facts.masked, reasons_shown=facts.reasons_shown)
    return writer.small_cell_rule()


def _tags(contract: ReleaseContract) -> list[str]:
    """Name the dimensions, as far as a portal takes their names for tags."""
    import re

    words = [name.replace("_", " ").strip() for name in contract.dimensions]
    return [word for word in dict.fromkeys(words) if re.fullmatch(TAG_PATTERN, word)]


def _in_words(first: dt.date, last: dt.date) -> str:
    """Write a period by years where it is whole years, by months where it is whole months, else by days."""
    after = last + dt.timedelta(days=1)
    if (first.month, first.day, after.month, after.day) == (1, 1, 1, 1):
        begin, end = f"{first:%Y}", f"{last:%Y}"
    elif first.day == after.day == 1:
        begin, end = f"{first:%Y-%m}", f"{last:%Y-%m}"
    else:
        begin, end = first.isoformat(), last.isoformat()
    return begin if begin == end else f"{begin} to {end}"


def _one_paragraph(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(*texts: str | None) -> str:
    return "\n\n".join(text for text in texts if text)
