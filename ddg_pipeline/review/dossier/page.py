"""``dossier.html``: one page that asks for nothing from outside, for the screen and for print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from ddg_pipeline.publishing.page_filters import FILTERS, whole
from ddg_pipeline.review.dossier.citations import SECTION, anchor
from ddg_pipeline.review.dossier.county_tiles import SHADES
from ddg_pipeline.review.dossier.model import Dossier, Hidden
from ddg_pipeline.review.dossier.words import STATES, compared_with, decision_text, moment, score_text

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

PAGE_NAME: Final = "dossier.html"
_TEMPLATE = "dossier.html.j2"
_TILE = (92, 50)  # width and height of a county on the map, in its own units
_BAR = 100.0
_LINES_AT_MOST = 2


def dossier_html(dossier: Dossier) -> str:
    """Write the page of a dossier."""
    last = max((tile.column for one in dossier.measures for along in one.dimensions for tile in along.tiles), default=0)
    rows = max((tile.row for one in dossier.measures for along in one.dimensions for tile in along.tiles), default=0)
    return _template().render(
        dossier=dossier,
        cite=_cite(dossier),
        decision=decision_text(dossier),
        score_decides=score_text(dossier),
        attention=list(_attention(dossier)),
        shades=SHADES,
        tile=_TILE,
        map_size=((last + 1) * _TILE[0], (rows + 1) * _TILE[1]),
        states=STATES,
        given=sum(one.state == "given" for one in dossier.approvals),
        print_line=f"{dossier.release}{_version(dossier)}, certificate {dossier.certified.sha256[:16]}",
    )


def _version(dossier: Dossier) -> str:
    return "" if dossier.version is None else f", version {dossier.version}"


def _attention(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Say what needs a person's judgement, with the part of the page that tells more."""
    if dossier.forced_by:
        yield "steps", f"The table shows a high-risk population: {'; '.join(dossier.forced_by)}."
    if dossier.score.total is None:
        yield "score", "A term of the score is not published, because it depends on the smallest count."
    small = sum(one.small_cells or 0 for one in dossier.counts) if dossier.decision == "release" else 0
    if small:
        shown = "cell shows a small count" if small == 1 else "cells show small counts"
        yield (
            "hidden",
            f"{small:,} {shown} as {'it is' if small == 1 else 'they are'}: the guideline does not ask to mask.",
        )
    if dossier.notes:
        many = len(dossier.notes)
        yield "notes", f"{many} finding{'s' if many > 1 else ''} for the expert to confirm."
    if dossier.edition.overrides:
        yield "overrides", f"The rulebook says {len(dossier.edition.overrides)} things otherwise than the guideline."
    unknown = sum(not one.taken_as_known for one in dossier.already_public)
    if unknown:
        tables = "table is" if unknown == 1 else "tables are"
        yield "public", f"{unknown} other {tables} public that masking and audit did not take into account."
    changes = dossier.changes
    if changes is None:
        return
    if changes.shown_before:
        have = ", so that readers have them" if changes.published is not False else ""
        yield "changes", f"Figures that are empty now were shown in the version before{have}."
    changed = [name.lower() for name, same in changes.same.items() if not same]
    if changed:
        yield "changes", f"Not the same as in the version before: {', '.join(changed)}."


def _cite(dossier: Dossier) -> Callable[[str], Markup]:
    """Make a function that links sections to the appendix."""
    from markupsafe import Markup, escape

    known = {one.section for one in dossier.sections}

    def cite(text: str) -> Markup:
        found, end = Markup(""), 0
        text = whole(text)
        for match in SECTION.finditer(text.replace("\u00a0", " ")):
            section, shown = match[0], text[match.start() : match.end()]
            found += escape(text[end : match.start()])
            found += (
                Markup('<a href="#{}">{}</a>').format(anchor(section), shown) if section in known else escape(shown)
            )
            end = match.end()
        return found + escape(text[end:])

    return cite


def _parts(hidden: Hidden) -> list[tuple[str, str, str]]:
    """Give the parts of a bar: what each is, where it begins and how long it is, in percent."""
    kinds = [("hidden", hidden.hidden)]
    if hidden.small is not None and hidden.complementary is not None:
        kinds = [("small", hidden.small), ("complementary", hidden.complementary)]
    parts, start = [], 0.0
    for kind, cells in kinds:
        width = _BAR * cells / hidden.cells if hidden.cells else 0.0
        if width:
            parts.append((kind, f"{start:.2f}", f"{width:.2f}"))
        start += width
    return parts


def _lines(name: str) -> list[str]:
    """Break the name of a county so that it fits into its tile."""
    words = name.split()
    if len(words) <= _LINES_AT_MOST:
        return words
    return [" ".join(words[:-1]), words[-1]]


def _day(time: dt.datetime) -> str:
    return f"{time.astimezone(dt.UTC):%Y-%m-%d}"


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ddg_pipeline.review.dossier"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.filters |= {"parts": _parts, "lines": _lines, "moment": moment, "day": _day}
    environment.filters["compared_with"] = compared_with
    return environment.get_template(_TEMPLATE)
