"""Write ``docs/explanation/benchmarks.md`` from the records of one run: ratios, and the words around them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import LINEAR, LINEAR_TOOLS, LINEAR_VALUE, OURS, TITLES, Figures, Table
from benchmarks.peers.tools import PEERS
from benchmarks.results import Results
from benchmarks.run import DEFAULT_LEVEL

_NONE = "\N{EN DASH}"
_TIMES = "\N{MULTIPLICATION SIGN}"


def write_page(results: Results, path: Path) -> None:
    """Write the page."""
    figures = Figures(results)
    parts = [
        _opening(figures),
        _targets(figures),
        _instances(figures),
        _linear(figures),
        _attacks(figures),
        _levels(figures),
        _optima(figures),
        _speed(figures),
        _growth(figures),
        _how(figures),
        _mishaps(figures),
    ]
    path.write_text("\n".join(part.strip("\n") + "\n" for part in parts if part))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _ratio(value: float | None) -> str:
    if value is None:
        return _NONE
    if value >= 100:
        return f"{value:,.0f} {_TIMES}"
    return f"{value:.1f} {_TIMES}" if value >= 10 else f"{value:.2f} {_TIMES}"


def _state(figures: Figures, table: Table, tool: str, level: str = "", show_reason: bool = False) -> str:
    """Say why there is no figure."""
    record = figures.pattern(table, tool, level, show_reason)
    return _NONE if record is None or record["status"] == "absent" else record["status"]


def _opening(figures: Figures) -> str:
    if not figures.results:
        raise ValueError("nothing has been measured yet")
    return """<!-- Written by `python -m benchmarks` from what it measured; edit benchmarks/page.py instead. -->

# Benchmarks: quality and speed of masking, beside its peers

Every figure is a ratio of measurements made in one run on one machine, one at a time, each in a process of its own.
Seconds are not told: they say more about the machine. `make bench` measures again and writes this page anew.
"""


# -- what was promised -------------------------------------------------------------------------------------------------


def _targets(figures: Figures) -> str:
    rows = [
        [
            "in the peers' own sense of protection: no more complementary cells than τ-ARGUS MOD",
            *_no_more(figures, "mod"),
        ],
        ["… than GaussSuppression", *_no_more(figures, "gauss")],
        [
            "… and within 5 % of τ-ARGUS OPT, where it proves its result",
            *_near_opt(figures, LINEAR, "complementary"),
        ],
        [
            "… the same for the sum of their counts, which is what OPT minimises, when we minimise it too",
            *_near_opt(figures, LINEAR_VALUE, "value"),
        ],
        [
            "at our own levels: nothing for the attacker to find, and nothing he leaves undecided",
            *_nothing_found(figures),
        ],
        ["… and within 10 % of the proven optimum, where the exact solver proves one", *_near_optimum(figures)],
        ["masking and audit together, 42,228 cells: 20 times faster than τ-ARGUS MOD", *_faster(figures, "mod", 20)],
        ["… and 50 times faster than GaussSuppression", *_faster(figures, "gauss", 50)],
        ["near-linear growth: time for each cell, largest table to smallest", *_grown(figures)],
    ]
    lines = _table(["aim", "measured", "met"], rows).replace("| --- | ---: | ---: |", "| --- | --- | --- |")
    return f"## Aims\n\n{lines}"


def _verdict(good: int, all_of: int, worst: str) -> list[str]:
    if not all_of:
        return ["not measured", _NONE]
    return [f"{good} of {all_of} tables; {worst}", "yes" if good == all_of else "**no**"]


def _no_more(figures: Figures, peer: str) -> list[str]:
    ratios = []
    for table in figures.compared:
        ours, theirs = figures.complementary(table, LINEAR), figures.complementary(table, peer)
        if ours is not None and theirs is not None and figures.recovered(table, LINEAR) == 0:
            ratios.append((ours + 1e-9) / (theirs + 1e-9))
    return _verdict(sum(ratio <= 1 for ratio in ratios), len(ratios), f"at worst {_ratio(max(ratios, default=None))}")


def _near_opt(figures: Figures, tool: str, of: str) -> list[str]:
    ratios = []
    for table in figures.compared:
        ours, best = figures.done(table, tool), figures.done(table, "opt")
        if ours is not None and best is not None and best.get("proven") and figures.recovered(table, tool) == 0:
            ratios.append((ours[of] + 1e-9) / (best[of] + 1e-9))
    worst = f"at worst {_ratio(max(ratios, default=None))}"
    return _verdict(sum(ratio <= 1.05 for ratio in ratios), len(ratios), worst)


def _near_optimum(figures: Figures) -> list[str]:
    ratios = [(record["cost_ours"] + 1e-9) / (record["cost"] + 1e-9) for record in figures.optima()]
    if not ratios:
        return ["not measured", _NONE]
    near, mean = sum(ratio <= 1.1 for ratio in ratios), sum(ratios) / len(ratios)
    words = f"{near} of {len(ratios)} patterns; on average {_ratio(mean)}, at worst {_ratio(max(ratios))}"
    return [words, "yes" if near == len(ratios) else "**no**"]


def _nothing_found(figures: Figures) -> list[str]:
    attacks = [attacked for _, _, _, attacked in figures.attacks_on_ours()]
    if not attacks:
        return ["not measured", _NONE]
    clean = sum(attacked is not None and attacked.clean for attacked in attacks)
    found = sum(one.exact + one.narrowed + one.rules for one in attacks if one is not None)
    undecided = sum(one.undecided for one in attacks if one is not None)
    broken = sum(one is None for one in attacks)
    words = f"{clean} of {len(attacks)} patterns clean; {found} findings, {undecided} cells undecided"
    words += f", {broken} attacks not finished" if broken else ""
    return [words, "yes" if clean == len(attacks) else "**no**"]


def _faster(figures: Figures, peer: str, times: float) -> list[str]:
    for table in figures.compared:
        if table.instance == "ca_full":
            slower = figures.slower(table, peer)
            if slower is not None:
                quoted = " (quoted ratio)" if peer == "gauss" and figures.done(table, "gauss") is None else ""
                return [f"{_ratio(slower)}{quoted}", "yes" if slower >= times else "**no**"]
    return ["not measured", _NONE]


def _grown(figures: Figures) -> list[str]:
    timed = [
        (figures.summary(table)["cells"], seconds)
        for table in figures.series
        if (seconds := figures.ours_seconds(table)) is not None
    ]
    if len(timed) < 2:
        return ["not measured", _NONE]
    (few, first), (many, last) = timed[0], timed[-1]
    each = (last / many) / (first / few)
    return [f"{_ratio(each)}, {few:,} to {many:,} cells", "yes" if each <= 2 else "**no**"]


# -- the tables --------------------------------------------------------------------------------------------------------


def _instances(figures: Figures) -> str:
    rows = []
    for table in figures.tables:
        of = figures.summary(table)
        if of:
            shares = [f"{100 * of[name] / of['cells']:.0f} %" for name in ("small", "zeros")]
            rows.append([figures.name(table), str(of["dimensions"]), f"{of['cells']:,}", *shares])
    text = """## Tables

Drawn at random, from a seed; every margin is published. `s2_` and `s3_` are flat, with two and three dimensions;
`ca_` are California's 58 counties in nine regions by some of 18 ages in four groups, eight races and two sexes;
`zip` and `growth_` are ZIP codes in counties instead. Small is 1 to 10, zeros are shown.

"""
    return text + _table(["table", "dimensions", "cells, with margins", "small", "zero"], rows)


def _linear(figures: Figures) -> str:
    rows = []
    for table in figures.compared:
        best = figures.complementary(table, "opt")
        cells = []
        for tool in LINEAR_TOOLS:
            count = figures.complementary(table, tool)
            if count is None:
                cells.append(_state(figures, table, tool))
                continue
            words = f"{count:,}"
            if tool == "opt" and not (figures.done(table, tool) or {}).get("proven"):
                words += " (not proven)"
            elif tool == "gauss" and figures.done(table, tool) is None:
                words += " (quoted)"
            if tool != "opt" and best:
                words += f" · {_ratio(count / best)}"
            left = figures.recovered(table, tool)
            words += f" · **{left} recovered**" if left else ""
            cells.append(words)
        rows.append([figures.name(table), *cells])
    head = ["table", *(TITLES[tool] for tool in LINEAR_TOOLS)]
    values = []
    for table in figures.compared:
        optimum = figures.done(table, "opt")
        if optimum and optimum["value"]:
            others = [figures.done(table, tool) for tool in LINEAR_TOOLS if tool not in ("opt", "gauss")]
            told = [_ratio(one["value"] / optimum["value"]) if one else _NONE for one in others]
            values.append([figures.name(table), *told])
    named = [TITLES[tool] for tool in LINEAR_TOOLS if tool not in ("opt", "gauss")]
    return f"""## Like with like: linear recovery

The peers protect against a reader who solves the sums of the table and nothing else: no bounds, no whole numbers, no
annotation codes. In that sense, which is not ours and which users are not offered, complementary cells, and how many
times those of OPT. Every pattern, theirs and ours, was checked by exact elimination modulo primes; where small cells
are recovered all the same, it says so.

![Complementary cells in the peers' sense of protection]({_image("linear")})

{_table(head, rows)}
OPT minimises the sum of the counts it hides, not their number. By that measure, how many times OPT's:

{_table(["table", *named], values)}"""


def _attacks(figures: Figures) -> str:
    rows = []
    for table in figures.compared:
        small = figures.summary(table).get("small", 0)
        for tool in (*PEERS, OURS):
            told = []
            for show_reason in (False, True):
                found = figures.attacked(table, tool, show_reason)
                if found is None:
                    told += [_NONE, _NONE, _NONE]
                else:
                    words = f"{found.exact} and {found.narrowed}"
                    told += [words, f"{found.rules}", f"{found.undecided}"]
            if any(word != _NONE for word in told):
                rows.append([figures.name(table), TITLES[tool], f"{small:,}", *told])
    head = ["table", "pattern", "small cells"]
    for codes in ("alike", "told"):
        head += [f"codes {codes}: exact and narrowed", "rows", "undecided"]
    return f"""## What a determined reader makes of these patterns

Our attacker, who shares no code with our masker, on every tool's pattern as a portal would publish it: zeros shown, so
a hidden count is 1 or more; counts whole.

* *Codes alike*: one code stands for both reasons of suppression. *Codes told*: small cells are known to be 10 or less,
  and complementary ones 11 or more.
* *Exact*: small cells that he recovers. *Narrowed*: small cells left with fewer than three possible values.
* *Rows*: rows and columns that break the guideline's own rules (§4.4.1).
* *Undecided*: cells about which his time ran out.

With our patterns he gets what the product gives him: the moves of the proof that masking wrote. He checks each against
everything that he knows before he searches for more, so that nothing of it has to be believed; and the proof is
verified by itself. With the patterns of others he has nothing but what is published.

![Small cells that a determined reader recovers or narrows down]({_image("attack")})

{_table(head, rows).replace("| --- | ---: |", "| --- | --- |", 1)}
Ours are the patterns of level `{DEFAULT_LEVEL}`. So a tool that hides fewer cells than ours has not done the same task.
"""


def _levels(figures: Figures) -> str:
    ways = figures.levels()
    if not ways:
        return ""
    rows = []
    for table in figures.compared:
        small = figures.summary(table).get("small", 0)
        told = []
        for level, show_reason in ways:
            record = figures.done(table, OURS, level, show_reason)
            if record is None:
                told.append(_state(figures, table, OURS, level, show_reason))
            else:
                part = 100 * record["value"] / record["counts"]
                told.append(f"{record['complementary'] / max(small, 1):.2f} ({part:.1f} %)")
        if any(word != _NONE for word in told):
            rows.append([figures.name(table), *told])
    head = ["table", *(f"`{level}`, codes {'told' if show else 'alike'}" for level, show in ways)]
    return f"""## The price of each level

Complementary cells for each small one; in brackets the counts in them, of the counts in all cells, margins included:
what readers lose beyond what must be hidden in any case. *refused*: the table cannot be protected
at that level, whatever is hidden; users are told why and what to loosen.

![Complementary cells at each level]({_image("levels")})

{_table(head, rows)}"""


def _optima(figures: Figures) -> str:
    ways = figures.levels()
    rows = []
    for table in figures.compared:
        told = []
        for level, show_reason in ways:
            record = figures.optimum(table, level, show_reason)
            if record is None:
                told.append(_NONE)
                continue
            cheapest = record["cost"] if record["proven"] else record["bound"]
            ratio = _ratio((record["cost_ours"] + 1e-9) / (cheapest + 1e-9))
            told.append(ratio if record["proven"] else f"at most {ratio}")
        if any(word != _NONE for word in told):
            rows.append([figures.name(table), *told])
    if not rows:
        return ""
    head = ["table", *(f"`{level}`, codes {'told' if show else 'alike'}" for level, show in ways)]
    return f"""## Beside the optimum, at our own levels

Small tables, solved exactly: what our pattern costs, in times of the cheapest that is as safe, by the costs that
masking itself minimises (one suppression, plus a little for its size). *At most*: the solver had not finished; this is
the ratio to its lower bound.

{_table(head, rows)}"""


def _speed(figures: Figures) -> str:
    rows = []
    for table in figures.compared:
        parts = figures.ours_parts(table)
        told = []
        for tool in PEERS:
            slower = figures.slower(table, tool)
            quoted = tool == "gauss" and figures.done(table, tool) is None
            told.append(_ratio(slower) + (" (quoted)" if quoted else "") if slower else _state(figures, table, tool))
        share = f"{100 * parts[1] / sum(parts):.0f} %" if parts else _NONE
        rows.append([figures.name(table), f"{figures.summary(table).get('cells', 0):,}", *told, share])
    head = ["table", "cells", *(TITLES[tool] for tool in PEERS), "of ours, the audit"]
    return f"""## Speed

Processor time of each peer for choosing cells, in times of ours for choosing them at level `{DEFAULT_LEVEL}` *and*
auditing the result: a stronger protection, and a second pair of eyes (the attack, and the check of the proof). Reading
and writing files is left out for all; so is compiling, which happens once for an installation.

![Time of the peers, in times of ours]({_image("speed")})

{_table(head, rows)}"""


def _growth(figures: Figures) -> str:
    if not figures.series:
        return ""
    rows: list[list[str]] = []
    first: list[float] | None = None
    for table in figures.series:
        of, parts = figures.summary(table), figures.ours_parts(table)
        masked = figures.done(table, OURS, DEFAULT_LEVEL)
        if parts is None or masked is None:
            rows.append([f"{of.get('cells', 0):,}", *[_state(figures, table, OURS, DEFAULT_LEVEL)] * 4])
            continue
        each = [part / of["cells"] for part in parts]
        first = first or each
        audited = next(
            record
            for what, record in figures.results
            if (what.kind, what.instance, what.seed, what.tool) == ("attack", table.instance, table.seed, OURS)
        )
        rows.append(
            [
                f"{of['cells']:,}",
                *(_ratio(now / then) for now, then in zip(each, first, strict=True)),
                f"{masked['peak_mib']:,.0f} MiB",
                f"{audited['peak_mib']:,.0f} MiB",
            ]
        )
    head = ["cells", "masking, for each cell", "audit, for each cell", "memory of masking", "memory of the audit"]
    return f"""## Growth

ZIP codes by ages, races and sexes, at growing numbers of ZIP codes, level `{DEFAULT_LEVEL}`. Time *for each cell*, in
times of that of the smallest table: 1 throughout is growth in proportion. Memory is the most that the process held,
Python and the table of text included.

![Growth of time and memory]({_image("growth")})

{_table(head, rows)}"""


def _how(figures: Figures) -> str:
    pins = []
    for environment in dict.fromkeys(peer.environment for peer in PEERS.values() if peer.environment):
        lines = (Path(__file__).parent / "peers" / f"{environment}.txt").read_text().splitlines()
        pins += [line for line in lines if line.split("==")[0] in _NAMED]
    seeds = sorted({table.seed for table in figures.compared})
    quoted = any(figures.gauss(table) for table in figures.compared)
    gauss = (
        """
**GaussSuppression is quoted**: R with that package was not there when this run was made. Its cells were counted on the
very same tables elsewhere; its time is what it took there, in times of τ-ARGUS in the same run there (MOD where it was
measured, else OPT), multiplied by what τ-ARGUS takes here. Where `Rscript` finds the package, it is measured instead.
"""
        if quoted
        else ""
    )
    return f"""## How it was measured

<!-- skip: next "takes minutes, or hours" -->

```sh
make bench                                       # the quick tables: minutes
python -m benchmarks --full                      # all of them, and growth to 1,000,000 cells: hours, for the peers
python -m benchmarks --instances ca_age,s3_10x8x5 --seeds 1,2,3 --peers mod,opt --growth none
python -m benchmarks --growth 10m --instances s2_10 --peers none
python -m benchmarks --page-only                 # this page again from what was measured
```

What has been measured in a run is not measured again; `--run NAME` begins another. Records, patterns and the peers'
environments are kept under `var/bench`.

This run: Python {sys.version_info.major}.{sys.version_info.minor}, {", ".join(f"`{pin}`" for pin in pins)}; seeds
{", ".join(map(str, seeds))}. Each tool has one thread. Ratios are of processor time, which other work on the machine
disturbs less than the clock. A peer gets the table in the form in which it does best:

* τ-ARGUS MOD reads the table, its hierarchies, the status of each cell and a protection level of 1 for small ones;
  OPT gets the same as an optimisation problem, because by way of a table its costs would be scaled and rounded.
* G-Confid gets the sums as constraints, small cells as sensitive, and the count as cost. Zeros are left out.
* Zeros are never suppressed, by anybody.

Patterns are checked for what they claim: that every small cell is hidden, that no zero is, and that linear algebra
recovers nothing.
{gauss}"""


_NAMED = ("pytauargus", "gconfid")


def _mishaps(figures: Figures) -> str:
    rows = []
    for what, record in figures.mishaps():
        if record["status"] == "refused":
            continue
        name = TITLES.get(what.tool, what.tool)
        where = figures.name(Table(what.instance, what.seed))
        how = f"{what.level}, codes {'told' if what.show_reason else 'alike'}" if what.level else ""
        rows.append([where, name, what.kind, how, record["status"], record.get("message", "").replace("|", "/")])
    if not rows:
        return ""
    lines = _table(["table", "tool", "what", "level", "result", "message"], rows).replace("---:", "---")
    return f"## What did not work\n\n{lines}"


def _image(name: str) -> str:
    return f"../images/benchmark-{name}.svg"
