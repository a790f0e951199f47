"""One run: every tool on every instance, each measurement in a fresh process, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.instances import GROWTH, make
from benchmarks.measure import measured
from benchmarks.patterns import write_pattern
from benchmarks.peers.tools import PEERS, run_peer
from benchmarks.results import Record, Results, What

_COMPILING = 1800  # seconds, at most, before anything is measured
LEVELS = ("exact", "ddg", "full")
DEFAULT_LEVEL = "ddg"

EXACT = ("e2_8x6", "e2_12x10", "e3_5x4x3", "e4_3x3x3x2")
QUICK = (*EXACT, "s2_10", "s2_20", "s2_50", "s3_10x8x5", "s3_20x10x8", "ca_age", "ca_race_sex")
FULL = (*QUICK, "s2_100", "s2_200", "s3_50x20x10", "ca_age_sex", "ca_age_race", "ca_full", "ca_full_dense", "zip1700")
GROWTH_QUICK = ("10k", "42k")
GROWTH_FULL = ("10k", "42k", "100k", "1m")


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        instances: Their names.
        seeds: Every instance is drawn from each.
        peers: Their names.
        levels: Of protection, for our own masker.
        growth: Names of sizes of the growth series.
        time_limit: Seconds for each measurement of masking.
        attack_limit: Seconds for each attack, on top of reading; what is not decided then is reported as undecided.
        exact_up_to: Tables of up to so many cells are solved exactly as well.
    """

    instances: Sequence[str]
    seeds: Sequence[int]
    peers: Sequence[str]
    levels: Sequence[str]
    growth: Sequence[str]
    time_limit: int
    attack_limit: int
    exact_up_to: int = 700


_LINEAR_UP_TO = 2_000_000  # cells; exact elimination of more takes hours, and the attack finds all that it finds


class Run:
    """Measures what is not in the results yet."""

    def __init__(self, plan: Plan, results: Results, environments: Path) -> None:
        self._plan, self._results, self._environments = plan, results, environments

    def all(self) -> None:
        """Measure everything."""
        warmed = measured({"kind": "warm"}, _COMPILING)
        print(
            "compiled, or loaded what was compiled before:",
            *(f"{k}={_short(v)}" for k, v in warmed.items()),
            flush=True,
        )
        for instance in self._plan.instances:
            for seed in self._plan.seeds:
                self._peers(instance, seed)
                self._linear_mode(instance, seed)
                self._ours(instance, seed, self._plan.levels)
        for size in self._plan.growth:
            if size not in GROWTH:
                raise ValueError(f"growth {size!r}: choose from {', '.join(GROWTH)}")
            for seed in self._plan.seeds[:1]:
                self._ours(f"growth_{size}", seed, (DEFAULT_LEVEL,), reasons=(False,))

    def _ours(self, instance: str, seed: int, levels: Iterable[str], reasons: Sequence[bool] = (False, True)) -> None:
        for level in levels:
            for show_reason in reasons:
                what = What("pattern", instance, seed, "ours", level, show_reason)
                if self._masked(what, "mask"):
                    self._linear(what)
                    self._attack(what, level, show_reason)
                    self._optimum(what)

    def _linear_mode(self, instance: str, seed: int) -> None:
        for tool, objective in (("ours_linear", "cells"), ("ours_linear_value", "value")):
            what = What("pattern", instance, seed, tool)
            if self._masked(what, "linear_mode", objective):
                self._linear(what)

    def _masked(self, what: What, kind: str, objective: str = "") -> bool:
        record = self._results.settled(what)
        if what.tool == "ours" and not self._results.proof(what).exists():
            record = None  # measured before proofs were kept, or without one
        if record is None:
            job = {
                "kind": kind,
                "objective": objective,
                "instance": what.instance,
                "seed": what.seed,
                "level": what.level,
                "show_reason": what.show_reason,
                "pattern": str(self._results.pattern(what)),
                "proof": str(self._results.proof(what)),
            }
            record = self._keep(what, measured(job, self._plan.time_limit))
        return bool(record["status"] == "ok")

    def _peers(self, instance: str, seed: int) -> None:
        for name in self._plan.peers:
            what = What("pattern", instance, seed, name)
            record = self._results.settled(what)
            if record is None:
                table = make(instance, seed)
                record, hidden = run_peer(PEERS[name], table, self._environments, self._plan.time_limit)
                if hidden is not None:
                    write_pattern(self._results.pattern(what), hidden)
                    more = hidden & ~table.small.ravel()
                    record["complementary"] = int(more.sum())
                    record["value"] = int(table.cells.ravel()[more].sum())
                    record["hidden_zeros"] = int((table.cells.ravel()[more] == 0).sum())
                self._keep(what, {**table.summary(), **record})
            if record["status"] == "ok":
                self._linear(what)
                for show_reason in (False, True):
                    self._attack(what, DEFAULT_LEVEL, show_reason)

    def _linear(self, pattern: What) -> None:
        what = replace(pattern, kind="linear")
        record = self._results.get(pattern)
        if record is not None and record.get("cells", 0) > _LINEAR_UP_TO:
            return
        if self._results.settled(what) is None:
            job = {"kind": "check_linear", "instance": what.instance, "seed": what.seed}
            job["pattern"] = str(self._results.pattern(pattern))
            self._keep(what, measured(job, self._plan.time_limit))

    def _attack(self, pattern: What, level: str, show_reason: bool) -> None:
        what = replace(pattern, kind="attack", level=level, show_reason=show_reason)
        record = self._results.settled(what)
        if record is None or (pattern.tool == "ours" and "verifying_cpu_seconds" not in record):
            job = {
                "kind": "attack",
                "instance": what.instance,
                "seed": what.seed,
                "level": level,
                "show_reason": show_reason,
                "time_limit": self._plan.attack_limit,
                "pattern": str(self._results.pattern(pattern)),
            }
            if pattern.tool == "ours":
                job["proof"] = str(self._results.proof(pattern))
            self._keep(what, measured(job, 3 * self._plan.attack_limit + 60))

    def _optimum(self, pattern: What) -> None:
        what = replace(pattern, kind="optimum")
        record = self._results.get(pattern)
        if record is None or record["cells"] > self._plan.exact_up_to or self._results.settled(what) is not None:
            return
        job = {
            "kind": "optimum",
            "instance": what.instance,
            "seed": what.seed,
            "level": what.level,
            "show_reason": what.show_reason,
            "time_limit": self._plan.attack_limit,
            "pattern": str(self._results.pattern(pattern)),
        }
        self._keep(what, measured(job, 3 * self._plan.attack_limit + 60))

    def _keep(self, what: What, record: Record) -> Record:
        self._results.add(what, record)
        told = {name: record[name] for name in _TOLD if name in record}
        print(what.kind, what.slug, *(f"{name}={_short(value)}" for name, value in told.items()), flush=True)
        return record


_TOLD = (
    "status",
    "message",
    "complementary",
    "value",
    "cost_ours",
    "cost",
    "bound",
    "proven",
    "recovered",
    "findings",
    "undecided",
    "cpu_seconds",
    "peak_mib",
)


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
