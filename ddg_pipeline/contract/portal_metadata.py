"""What a portal shows beside the data: the fields of the CalHHS portal, typed (Open Data Handbook, "Metadata").

The same model takes what a department says of all its releases, in ``ddg.yaml``. Nothing here is derived; what is left
out and can be told from contract, rulebook and table is filled in by `ddg_pipeline.publishing.metadata`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from ddg_pipeline.contract.strict import Strict

URL_PATTERN = r"^https?://[^\s/@?#]+([/?#]\S*)?$"  # without a name and password in it
EMAIL_PATTERN = r"^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
TAG_PATTERN = r"^[\w.-][\w .-]{0,98}[\w.-]$"  # what CKAN takes
PERIOD_PATTERN = r"^\d{4}(-\d{2}(-\d{2})?)?( to \d{4}(-\d{2}(-\d{2})?)?)?$"
OF_ONE_RELEASE = ("title", "description", "temporal_coverage")  # no department says these of all its releases
_BETWEEN = " to "


def _without_control_characters(text: str) -> str:
    if any(ord(letter) < ord(" ") and letter not in "\n\t" for letter in text):
        raise ValueError("write text without control characters")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_without_control_characters)
]
Url = Annotated[str, Field(pattern=URL_PATTERN)]
Email = Annotated[str, Field(pattern=EMAIL_PATTERN)]
Tag = Annotated[str, Field(pattern=TAG_PATTERN)]

Cadence = Literal["daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly", "irregular"]
Periodicity = Literal[
    "continuous", "daily", "weekly", "every two weeks", "monthly", "every two months", "quarterly", "half-yearly",
    "yearly", "every two years", "every three years", "every ten years", "irregular",
]  # fmt: skip
License = Literal["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "PDDL-1.0", "ODC-By-1.0", "ODbL-1.0"]
Language = Literal[
    "English", "Spanish", "Arabic", "Armenian", "Chinese", "Farsi", "Hindi", "Hmong", "Japanese", "Khmer", "Korean",
    "Lao", "Mien", "Punjabi", "Russian", "Tagalog", "Thai", "Ukrainian", "Vietnamese",
]  # fmt: skip


class RelatedResource(Strict):
    """A page, report or table that belongs to the data."""

    title: Text = Field(description="What it is called.")
    url: Url = Field(description="Where it is.")


class PortalMetadata(Strict):
    """What the portal says of a dataset; where each field is shown and what is derived: docs/reference/metadata.md."""

    title: Text | None = Field(default=None, description="The dataset's title. Left out: the release's.")
    description: Text | None = Field(default=None, description="What it is. Left out: the release's description.")
    department: Text | None = Field(default=None, description="The department that publishes it.")
    program: Text | None = Field(default=None, description="The program within the department.")
    contact_name: Text | None = Field(
        default=None, description="Whom to ask: a person or an office. Left out: the program, or the department."
    )
    contact_email: Email | None = Field(default=None, description="Where to ask.")
    homepage: Url | None = Field(default=None, description="The program's page about the data.")
    temporal_coverage: Annotated[str, Field(pattern=PERIOD_PATTERN)] | None = Field(
        default=None,
        description="The time that the data covers: `2020 to 2024`, `2023-07 to 2024-06`, `'2024'`. Left out: told "
        "from the table's periods, where they can be read.",
    )
    spatial_coverage: Text | None = Field(
        default=None,
        description="The area that the data covers. Left out: California, where the table's areas are its counties or "
        "the state.",
    )
    geographic_granularity: Text | None = Field(
        default=None,
        description="The smallest areas. Left out: `County` or `State`, where the table's areas are counties or the "
        "state.",
    )
    language: Language = Field(default="English", description="The language of the table's labels.")
    accrual_periodicity: Periodicity | None = Field(
        default=None, description="How often new figures come. Left out: the cadence."
    )
    deidentification_method: Text | None = Field(
        default=None,
        description="How small numbers were treated. Left out: in the rulebook's words, by what was done.",
    )
    source_link: Url | None = Field(default=None, description="Where the data comes from.")
    data_collection_tool: Text | None = Field(
        default=None, description="By what it was collected: a registry, a survey, a form."
    )
    license: License | None = Field(default=None, description="The licence it may be used under, by its SPDX name.")
    terms_of_use: Url | None = Field(default=None, description="The page with the terms of use.")
    limitations: Text | None = Field(default=None, description="What the data cannot be used for, and why.")
    additional_information: Text | None = Field(default=None, description="What else a reader should know.")
    related_resources: list[Url | RelatedResource] = Field(
        default=[], description="Pages, reports and tables that belong to the data: addresses, or `{title, url}`."
    )
    citation: Text | None = Field(default=None, description="How to cite it.")
    topic: Text | None = Field(default=None, description="The portal's category, such as `Diseases and conditions`.")
    tags: list[Tag] = Field(
        default=[], description="Words by which it is found. Left out: the names of the table's dimensions."
    )
    other: dict[Text, Text] = Field(
        default={}, description="Further fields of the portal, by the name under which it shows them."
    )

    @field_validator("temporal_coverage")
    @classmethod
    def _a_period(cls, text: str | None) -> str | None:
        if text is not None:
            period_of(text)
        return text

    @field_validator("tags")
    @classmethod
    def _different_tags(cls, tags: list[str]) -> list[str]:
        if len({tag.casefold() for tag in tags}) < len(tags):
            raise ValueError("write each tag once, whatever its capitals")
        return tags

    @model_validator(mode="after")
    def _one_licence(self) -> Self:
        if self.license is not None and self.terms_of_use is not None:
            raise ValueError("`license` and `terms_of_use` both say how the data may be used: keep one")
        return self


def period_of(text: str) -> tuple[dt.date, dt.date]:
    """Read ``temporal_coverage``: ``2020 to 2024`` is from the first day of 2020 to the last of 2024.

    Returns:
        The first day and the last one.

    Raises:
        ValueError: It has a month or day that there is not, or ends before it begins.
    """
    first, _, last = text.partition(_BETWEEN)
    begin, end = _first_day(first), _last_day(last or first)
    if end < begin:
        raise ValueError("write a time that ends after it begins, such as 2020 to 2024")
    return begin, end


def _first_day(text: str) -> dt.date:
    year, month, day = _parts(text)
    return _date(year, month or 1, day or 1)


def _last_day(text: str) -> dt.date:
    year, month, day = _parts(text)
    month = month or 12
    return _date(year, month, day or calendar.monthrange(year, _date(year, month, 1).month)[1])


def _parts(text: str) -> tuple[int, int | None, int | None]:
    numbers: list[int | None] = [int(number) for number in re.split("-", text)]
    year, month, day = (*numbers, None, None)[:3]
    assert year is not None  # noqa: S101 - text has at least one part
    return year, month, day


def _date(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError("write years, months and days of the calendar, such as 2023-07 to 2024-06") from None
