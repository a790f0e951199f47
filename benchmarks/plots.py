"""Draw the plots of ``docs/explanation/benchmarks.md`` from the records of one run, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import LINEAR, LINEAR_TOOLS, LINEAR_VALUE, OURS, TITLES, Figures, Table
from benchmarks.peers.tools import PEERS
from benchmarks.results import Results
from benchmarks.run import DEFAULT_LEVEL

# told apart by people who do not see all colours, and by shape
_LOOKS: dict[str, dict[str, Any]] = {
    "opt": {"color": "#000000", "marker": "|"},
    "mod": {"color": "#D55E00", "marker": "s"},
    "gauss": {"color": "#CC79A7", "marker": "^"},
    "gconfid": {"color": "#E69F00", "marker": "D"},
    LINEAR: {"color": "#0072B2", "marker": "o"},
    LINEAR_VALUE: {"color": "#56B4E9", "marker": "o"},
    OURS: {"color": "#0072B2", "marker": "o"},
}
# so that tools with the same figure can be told apart
_OFFSETS = {"opt": 0.0, "mod": -0.24, "gauss": -0.08, "gconfid": 0.08, LINEAR: 0.2, LINEAR_VALUE: 0.32}
_DARK, _LIGHT, _UNDECIDED = "#B22222", "#F2B8A0", "#BBBBBB"


def draw_plots(results: Results, folder: Path) -> None:
    """Draw every plot there are records for."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = Figures(results)
    for draw in (_linear, _attack, _levels, _speed, _growth):
        draw(figures, folder)


@contextmanager
def _figure(path: Path, width: float, height: float, columns: int = 1, **more: Any) -> Iterator[Any]:
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    style = {
        "svg.hashsalt": "benchmarks",  # the same records give the same bytes
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#E5E5E5",
        "axes.axisbelow": True,
        "figure.constrained_layout.use": True,
    }
    with mpl.rc_context(style):
        figure, axes = plt.subplots(1, columns, figsize=(width, height), **more)
        yield axes
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
        plt.close(figure)
    # one line break at the end, no blanks before any
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def _rows(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _whole_numbers(axes: Any) -> None:
    """Label a logarithmic axis of cells by powers of ten in full, and nothing between them."""
    from matplotlib.ticker import NullFormatter

    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _linear(figures: Figures, folder: Path) -> None:
    tables = [table for table in figures.compared if figures.complementary(table, "opt")]
    if not tables:
        return
    with _figure(folder / "benchmark-linear.svg", 7.5, 1.6 + 0.32 * len(tables)) as axes:
        for tool in LINEAR_TOOLS:
            points = [
                (count / figures.complementary(table, "opt"), row + _OFFSETS[tool])  # type: ignore[operator]
                for row, table in enumerate(tables)
                if (count := figures.complementary(table, tool)) is not None
            ]
            if points:
                size = 16 if tool == "opt" else 6
                label = TITLES[tool] + (" (quoted)" if _quoted(figures, tables, tool) else "")
                axes.plot(
                    *zip(*points, strict=True), linestyle="", markersize=size, alpha=0.9, label=label, **_LOOKS[tool]
                )
        _rows(axes, [figures.name(table) for table in tables])
        axes.set_xlabel("complementary cells, in times of τ-ARGUS OPT (linear recovery only)")
        axes.figure.legend(loc="outside upper center", ncols=3, frameon=False)


def _quoted(figures: Figures, tables: Sequence[Table], tool: str) -> bool:
    return tool == "gauss" and any(figures.gauss(table) for table in tables)


def _attack(figures: Figures, folder: Path) -> None:
    rows = [
        (table, tool)
        for table in figures.compared
        for tool in (*PEERS, OURS)
        if any(figures.attacked(table, tool, show) for show in (False, True))
    ]
    if not rows:
        return
    sides = (False, True)
    with _figure(folder / "benchmark-attack.svg", 8.5, 1.2 + 0.2 * len(rows), 2, sharey=True, sharex=True) as both:
        for axes, show_reason in zip(both, sides, strict=True):
            for row, (table, tool) in enumerate(rows):
                found = figures.attacked(table, tool, show_reason)
                small = figures.summary(table)["small"]
                if found is None or not small:
                    continue
                left = 0.0
                parts = ((found.exact, _DARK), (found.narrowed, _LIGHT), (found.undecided, _UNDECIDED))
                for count, colour in parts:
                    axes.barh(row, 100 * count / small, left=left, color=colour, height=0.75)
                    left += 100 * count / small
                if found.exact + found.narrowed + found.undecided == 0:
                    axes.plot(0, row, marker="o", markersize=3, color="#2E8B57", clip_on=False)
            for row, (table, _) in enumerate(rows):
                if row and rows[row - 1][0] != table:
                    axes.axhline(row - 0.5, color="#999999", linewidth=0.5)
            axes.set_title(f"codes {'told' if show_reason else 'alike'}", fontsize=9)
            axes.set_xlabel("% of the small cells")
            axes.grid(visible=False, axis="y")
        for axes in both:
            axes.tick_params(axis="y", length=0)
        _rows(both[0], [TITLES[tool] for _, tool in rows])
        both[0].set_xlim(0, 1.04 * max(5.0, both[0].get_xlim()[1]))
        for row, (table, _) in enumerate(rows):
            if not row or rows[row - 1][0] != table:
                both[0].annotate(figures.name(table), (0, row), xycoords=("axes fraction", "data"), xytext=(-175, 0),
                                 textcoords="offset points", va="center", fontweight="bold")  # fmt: skip
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = [
            Patch(color=_DARK, label="recovered"),
            Patch(color=_LIGHT, label="fewer than three values"),
            Patch(color=_UNDECIDED, label="undecided"),
            Line2D([], [], color="#2E8B57", marker="o", markersize=3, linestyle="", label="none"),
        ]
        both[0].figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)


def _levels(figures: Figures, folder: Path) -> None:
    ways = figures.levels()
    tables = [table for table in figures.compared if any(figures.done(table, OURS, *way) for way in ways)]
    if not tables:
        return
    looks = {"exact": ("o", "#56B4E9"), "ddg": ("s", "#0072B2"), "full": ("^", "#003B5C")}
    with _figure(folder / "benchmark-levels.svg", 7.5, 1.4 + 0.32 * len(tables)) as axes:
        for level, show_reason in ways:
            points = [
                (
                    record["complementary"] / max(figures.summary(table)["small"], 1),
                    row + (0.14 if show_reason else -0.14),
                )
                for row, table in enumerate(tables)
                if (record := figures.done(table, OURS, level, show_reason))
            ]
            if points:
                marker, colour = looks[level]
                face = "white" if show_reason else colour
                label = f"{level}, codes {'told' if show_reason else 'alike'}"
                axes.plot(*zip(*points, strict=True), linestyle="", marker=marker, color=colour, label=label,
                          markerfacecolor=face, markersize=6)  # fmt: skip
        _rows(axes, [figures.name(table) for table in tables])
        axes.set_xlim(left=0)
        axes.set_xlabel("complementary cells for each small one")
        axes.figure.legend(loc="outside upper center", ncols=3, frameon=False)


def _speed(figures: Figures, folder: Path) -> None:
    points = {
        tool: sorted(
            (figures.summary(table)["cells"], slower)
            for table in figures.compared
            if (slower := figures.slower(table, tool)) is not None
        )
        for tool in PEERS
    }
    if not any(points.values()):
        return
    with _figure(folder / "benchmark-speed.svg", 7.5, 4.2) as axes:
        for tool, found in points.items():
            if found:
                quoted = " (quoted)" if _quoted(figures, figures.compared, tool) else ""
                look = {**_LOOKS[tool], "marker": "X" if tool == "opt" else _LOOKS[tool]["marker"]}
                axes.plot(*zip(*found, strict=True), linestyle="", markersize=6, label=TITLES[tool] + quoted, **look)
        axes.axhline(1, color=_LOOKS[OURS]["color"], linewidth=1.5)
        axes.annotate("ours: masking and audit", (1, 1), xycoords=("axes fraction", "data"), xytext=(-4, 4),
                      textcoords="offset points", ha="right", color=_LOOKS[OURS]["color"])  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="cells of the table, margins included")
        axes.set_ylabel("time, in times of ours")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} \N{MULTIPLICATION SIGN}")
        axes.figure.legend(loc="outside upper center", ncols=4, frameon=False)
        _whole_numbers(axes)


def _growth(figures: Figures, folder: Path) -> None:
    found = []
    for table in figures.series:
        parts, masked = figures.ours_parts(table), figures.done(table, OURS, DEFAULT_LEVEL)
        if parts is not None and masked is not None:
            found.append((figures.summary(table)["cells"], *parts, masked["peak_mib"]))
    if not found:
        return
    cells, masking, auditing, memory = zip(*found, strict=True)
    with _figure(folder / "benchmark-growth.svg", 8, 3.6, 2) as (time, space):
        for seconds, name, marker in ((masking, "masking", "o"), (auditing, "audit", "s")):
            time.plot(cells, [one / seconds[0] for one in seconds], marker=marker, label=name,
                      color="#0072B2" if name == "masking" else "#D55E00")  # fmt: skip
        time.plot(cells, [one / cells[0] for one in cells], color="#999999", linestyle=":", label="in proportion")
        time.set(xscale="log", yscale="log", xlabel="cells", ylabel="time, in times of the smallest table's")
        time.yaxis.set_major_formatter(lambda value, _: f"{value:g} \N{MULTIPLICATION SIGN}")
        time.legend(frameon=False)
        space.plot(cells, memory, marker="o", color="#0072B2")
        space.set(xscale="log", yscale="log", xlabel="cells", ylabel="most memory of masking, MiB")
        space.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        from matplotlib.ticker import LogLocator

        space.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        for axes in (time, space):
            _whole_numbers(axes)
