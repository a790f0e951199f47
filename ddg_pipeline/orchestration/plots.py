"""Small bar charts for Dagster's pages: SVG inside of Markdown, with what they show written beside them.

The web server shows Markdown of under 1,000 characters at once and longer ones on a click, so charts are terse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LABEL, _ROW = 380, 190, 17
_CHARACTERS = 24  # of a label that fit into its place
_IN_AN_ADDRESS = str.maketrans({"%": "%25", "#": "%23", "<": "%3C", ">": "%3E", "(": "%28", ")": "%29", '"': "'"})


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: What it stands for.
        value: How long it is; negative ones go to the left.
        figure: The value in words, written behind the label.
    """

    label: str
    value: float
    figure: str


def bar_chart(alternative: str, bars: Sequence[Bar], full: float | None = None) -> str:
    """Draw horizontal bars as an image in Markdown.

    Args:
        alternative: What the chart shows, for who cannot see it.
        bars: The bars, from top to bottom.
        full: The value that would fill the width; the longest bar if it is not given.
    """
    low = min([0.0, *(bar.value for bar in bars)])
    high = max([0.0, *(bar.value for bar in bars)]) if full is None else full
    room = _WIDTH - _LABEL - 6
    scale = room / (high - low) if high > low else 0
    zero = _LABEL - low * scale
    path = "".join(f"M{zero:.0f} {_ROW * at + 9}h{bar.value * scale:.0f}" for at, bar in enumerate(bars) if bar.value)
    words = [f"{_cut(bar.label)} {bar.figure}" for bar in bars]
    texts = "".join(f"<text y='{_ROW * at + 13}'>{escape(text)}</text>" for at, text in enumerate(words))
    height = _ROW * len(bars) + 2
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{height}' font-family='sans-serif' "
        f"font-size='11'><path fill='#fff' d='M0 0h{_WIDTH}v{height}H0'/>"
        f"<path stroke='#4f5bd5' stroke-width='11' d='{path}'/>"
        f"<g text-anchor='end' transform='translate({_LABEL - 6})'>{texts}</g></svg>"
    )
    return f"![{_plain(alternative)}](<data:image/svg+xml,{svg.translate(_IN_AN_ADDRESS)}>)"


def _cut(label: str) -> str:
    return label if len(label) <= _CHARACTERS else label[: _CHARACTERS - 1].rstrip() + "…"


def _plain(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace("\n", " ")
