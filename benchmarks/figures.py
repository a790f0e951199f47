"""What the page and the plots show, worked out from the records of one run: always ratios within it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.instances import GROWTH, INSTANCES
from benchmarks.peers.tools import PEERS
from benchmarks.results import Record, Results, What
from benchmarks.run import DEFAULT_LEVEL, LEVELS

OURS, LINEAR, LINEAR_VALUE = "ours", "ours_linear", "ours_linear_value"
TITLES = {
    LINEAR: "ours, linear mode: cells",
    LINEAR_VALUE: "ours, linear mode: counts",
    OURS: "ours",
    **{name: peer.title for name, peer in PEERS.items()},
}
LINEAR_TOOLS = ("opt", "mod", "gauss", "gconfid", LINEAR, LINEAR_VALUE)
_QUOTED = json.loads((Path(__file__).parent / "peers" / "quoted.json").read_text())["GaussSuppression"]["instances"]


@dataclass(frozen=True)
class Table:
    """One instance drawn from one seed."""

    instance: str
    seed: int

    @property
    def growth(self) -> bool:
        """Whether it belongs to the growth series."""
        return self.instance.startswith("growth_")


@dataclass(frozen=True)
class Attacked:
    """What the attacker found in one pattern.

    Attributes:
        exact: Small cells recovered.
        narrowed: Small cells with fewer possible values than the level asks for.
        rules: Rows and columns that break the guideline's own rules (§4.4.1), and other findings.
        undecided: Small cells about which he ran out of time.
    """

    exact: int
    narrowed: int
    rules: int
    undecided: int

    @property
    def clean(self) -> bool:
        """Whether nothing at all was found, or left open."""
        return not (self.exact or self.narrowed or self.rules or self.undecided)


@dataclass(frozen=True)
class Gauss:
    """GaussSuppression, measured elsewhere.

    Attributes:
        complementary: Cells.
        times: Its time, in times of the peer of this run that was measured beside it there.
        beside: That peer.
    """

    complementary: int
    times: float
    beside: str


class Figures:
    """The records of a run, by what a reader asks."""

    def __init__(self, results: Results) -> None:
        self.results = results

    @cached_property
    def tables(self) -> list[Table]:
        """Every table of the run, flat ones first, small ones first."""
        found = {Table(what.instance, what.seed) for what, _ in self.results}
        names = list(INSTANCES)
        return sorted(found, key=lambda table: (self.summary(table).get("cells", 0), names.index(table.instance)))

    @property
    def compared(self) -> list[Table]:
        """The tables that are not of the growth series."""
        return [table for table in self.tables if not table.growth]

    @property
    def series(self) -> list[Table]:
        """The tables of the growth series."""
        order = [f"growth_{name}" for name in GROWTH]
        return sorted((table for table in self.tables if table.growth), key=lambda table: order.index(table.instance))

    @cached_property
    def several_seeds(self) -> bool:
        """Whether tables must be named with their seeds."""
        return len({table.seed for table in self.compared}) > 1

    def name(self, table: Table) -> str:
        """Call a table."""
        return f"{table.instance}, seed {table.seed}" if self.several_seeds else table.instance

    def summary(self, table: Table) -> Record:
        """Give the counts of cells of a table, from any record that has them."""
        for what, record in self.results:
            if (what.instance, what.seed) == (table.instance, table.seed) and "counts" in record:
                return record
        return {}

    # -- patterns ------------------------------------------------------------------------------------------------------

    def pattern(self, table: Table, tool: str, level: str = "", show_reason: bool = False) -> Record | None:
        """Give what a tool did with a table, well or not."""
        return self.results.get(What("pattern", table.instance, table.seed, tool, level, show_reason))

    def done(self, table: Table, tool: str, level: str = "", show_reason: bool = False) -> Record | None:
        """Give what a tool did with a table, if it did it."""
        record = self.pattern(table, tool, level, show_reason)
        return record if record is not None and record["status"] == "ok" else None

    def recovered(self, table: Table, tool: str, level: str = "", show_reason: bool = False) -> int | None:
        """Count the small cells that linear algebra recovers."""
        record = self.results.get(What("linear", table.instance, table.seed, tool, level, show_reason))
        return int(record["recovered"]) if record is not None and record["status"] == "ok" else None

    def gauss(self, table: Table) -> Gauss | None:
        """Quote GaussSuppression, where it was not measured here and the table is the one it was measured on."""
        quoted = _QUOTED.get(table.instance)
        if quoted is None or table.seed != _QUOTED_SEED or self.done(table, "gauss") is not None:
            return None
        beside = "mod" if "mod_seconds" in quoted else "opt"
        return Gauss(quoted["complementary"], quoted["seconds"] / quoted[f"{beside}_seconds"], beside)

    def complementary(self, table: Table, tool: str) -> int | None:
        """Count the complementary cells in the peers' sense of protection, quoted where need be."""
        record = self.done(table, tool)
        if record is not None:
            return int(record["complementary"])
        quoted = self.gauss(table) if tool == "gauss" else None
        return quoted.complementary if quoted is not None else None

    # -- time ----------------------------------------------------------------------------------------------------------

    def ours_seconds(self, table: Table, level: str = DEFAULT_LEVEL, show_reason: bool = False) -> float | None:
        """Processor time of masking and audit together, the check of the proof included."""
        parts = self.ours_parts(table, level, show_reason)
        return None if parts is None else sum(parts)

    def ours_parts(
        self, table: Table, level: str = DEFAULT_LEVEL, show_reason: bool = False
    ) -> tuple[float, float] | None:
        """Processor time of masking, and of the audit with the check of the proof."""
        masked = self.done(table, OURS, level, show_reason)
        audited = self.results.get(What("attack", table.instance, table.seed, OURS, level, show_reason))
        if masked is None or audited is None or audited["status"] != "ok" or "verifying_cpu_seconds" not in audited:
            return None
        return masked["cpu_seconds"], audited["cpu_seconds"] + audited["verifying_cpu_seconds"]

    def slower(self, table: Table, tool: str) -> float | None:
        """How many times our time, for masking and audit together, a peer takes for masking alone."""
        ours = self.ours_seconds(table)
        if ours is None:
            return None
        record = self.done(table, tool)
        if record is not None:
            return float(record["cpu_seconds"]) / ours
        quoted = self.gauss(table) if tool == "gauss" else None
        beside = self.done(table, quoted.beside) if quoted is not None else None
        if quoted is None or beside is None:
            return None
        return quoted.times * float(beside["cpu_seconds"]) / ours

    # -- attacks -------------------------------------------------------------------------------------------------------

    def attacked(self, table: Table, tool: str, show_reason: bool, level: str = DEFAULT_LEVEL) -> Attacked | None:
        """Give what the attacker found in a tool's pattern."""
        record = self.results.get(What("attack", table.instance, table.seed, tool, level, show_reason))
        if record is None or record["status"] != "ok":
            return None
        found = record["findings"]
        exact, narrowed = found.get("exact", 0), found.get("narrowed", 0)
        return Attacked(exact, narrowed, sum(found.values()) - exact - narrowed, record["undecided"])

    def attacks_on_ours(self) -> Iterable[tuple[Table, str, bool, Attacked | None]]:
        """Give every pattern of ours with what the attacker found; None where the attack itself did not end."""
        for what, record in self.results:
            if what.kind == "pattern" and what.tool == OURS and record["status"] == "ok":
                table = Table(what.instance, what.seed)
                yield table, what.level, what.show_reason, self.attacked(table, OURS, what.show_reason, what.level)

    def optimum(self, table: Table, level: str, show_reason: bool) -> Record | None:
        """Give what the exact solver found at one of our levels, beside our own pattern."""
        record = self.results.get(What("optimum", table.instance, table.seed, OURS, level, show_reason))
        return record if record is not None and record["status"] == "ok" else None

    def optima(self) -> list[Record]:
        """Give all of them that are proved."""
        found = (record for what, record in self.results if what.kind == "optimum" and record["status"] == "ok")
        return [record for record in found if record["proven"]]

    def levels(self) -> list[tuple[str, bool]]:
        """Every way in which our masker was asked, from the weakest to the strongest."""
        found = {(what.level, what.show_reason) for what, _ in self.results if what.tool == OURS}
        return [(level, show) for level in LEVELS for show in (False, True) if (level, show) in found]

    def mishaps(self) -> list[tuple[What, Record]]:
        """Give every measurement that did not end well, but those left out on purpose."""
        return [(what, record) for what, record in self.results if record["status"] not in ("ok", "left out", "absent")]


_QUOTED_SEED = 20251101
