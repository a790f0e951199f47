"""One measurement in a fresh process: ``python -m benchmarks.worker JOB.json RESULT.json``."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import table
from benchmarks.instances import Instance, make
from benchmarks.linear import check
from benchmarks.patterns import read_pattern, write_pattern
from ddg_pipeline.contract import bind
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = "calhhs-ddg-2.0"
LINEAR_MODE = "benchmarks.linear_mode"

Job = dict[str, Any]
Result = dict[str, Any]


@contextmanager
def _timed(result: Result, name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    result[f"{name}seconds"] = time.perf_counter() - wall
    result[f"{name}cpu_seconds"] = time.process_time() - cpu


def peak_mib() -> float:
    """Give the most memory that this process has held, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


def warm_up(_: Job) -> Result:
    """Compile what is compiled at first use, so that no time limit of a measurement has to pay for it."""
    from ddg_pipeline.masking import mask

    result: Result = {}
    rulebook = load_rulebook(RULEBOOK)
    with _timed(result, ""):
        for name in ("s2_10", "s3_10x8x5"):
            terms = table.contract(make(name), "ddg", show_reason=False)
            mask([bind(terms, table.frame(make(name)), place="warm")], rulebook)
    return result


def mask_table(job: Job) -> Result:
    """Mask an instance as a user would; the pattern and the proof go to files."""
    from ddg_pipeline.masking import mask, mask_and_prove, proof_bytes

    instance, rulebook = make(job["instance"], job["seed"]), load_rulebook(RULEBOOK)
    declared = table.contract(instance, job["level"], job["show_reason"])
    result: Result = {**instance.summary()}
    with _timed(result, "warming_"):  # compiles, or loads what was compiled before
        warm = make("s3_10x8x5" if len(instance.axes) > 2 else "s2_10")
        terms = table.contract(warm, job["level"], show_reason=False)
        with suppress(RefusedError):
            mask([bind(terms, table.frame(warm), place="warm")], rulebook)
    rows = table.frame(instance)
    with _timed(result, "binding_"):
        bound = bind(declared, rows, place=instance.name)
    result["before_mib"] = peak_mib()
    steps = _Stages()
    try:
        with _timed(result, ""):
            [shown], protections = mask_and_prove([bound], rulebook, steps.progress)
            proof = proof_bytes(protections)
    except RefusedError as error:
        return {**result, "peak_mib": peak_mib(), "status": "refused", "message": str(error).splitlines()[0][:300]}
    result["peak_mib"] = peak_mib()
    result["stages"] = steps.seconds()
    hidden = table.hidden_cells(instance, shown.frame)
    write_pattern(Path(job["pattern"]), hidden)
    Path(job["proof"]).write_bytes(proof)
    result["proof_mib"] = len(proof) / 2**20
    if instance.cells.size <= job.get("compared_up_to", 1_000_000):
        again = table.published(instance, hidden, rulebook, job["show_reason"])
        if list(again.columns) != list(shown.frame.columns) or (again.to_numpy() != shown.frame.to_numpy()).any():
            raise AssertionError("the published table is not the one that the audit will see")
    return {**result, **_pattern_figures(instance, hidden)}


class _Stages:
    """How long each stage took that masking tells of."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def progress(self, stage: str, _done: int, _all: int) -> None:
        now = time.perf_counter()
        self._began.setdefault(stage, now)
        self._last[stage] = now

    def seconds(self) -> dict[str, float]:
        return {stage: self._last[stage] - began for stage, began in self._began.items()}


def linear_mode(job: Job) -> Result:
    """Mask an instance in the peers' own sense of protection: a mode of the benchmark, not offered to users."""
    from ddg_pipeline.masking.system import Status, build_systems

    if find_spec(LINEAR_MODE) is None:
        return {"status": "absent", "message": f"{LINEAR_MODE} is not there"}
    choose = import_module(LINEAR_MODE).linear_pattern
    instance = make(job["instance"], job["seed"])
    result: Result = {**instance.summary()}
    declared = table.contract(instance, "exact", show_reason=False)
    bound = bind(declared, table.frame(instance), place=instance.name)
    if len(bound.frame) != instance.cells.size:
        raise AssertionError("the table does not carry every cell")
    (system,) = build_systems([bound])
    with _timed(result, "warming_"):
        warm = make("s3_10x8x5" if len(instance.axes) > 2 else "s2_10")
        terms = table.contract(warm, "exact", show_reason=False)
        choose(build_systems([bind(terms, table.frame(warm), place="warm")])[0])
    with _timed(result, ""):
        status = choose(system, objective=job["objective"])
    result["peak_mib"] = peak_mib()
    (cube,) = system.cubes  # its rows are those of the table, in the order of the instance's cells
    hidden = np.isin(status[cube.row_ids], (Status.SMALL, Status.COMPLEMENTARY))
    write_pattern(Path(job["pattern"]), hidden)
    return {**result, **_pattern_figures(instance, hidden)}


def optimum(job: Job) -> Result:
    """Solve an instance exactly at one of our levels, and price our own pattern for it by the same costs."""
    from ddg_pipeline.masking.optimal import optimal
    from ddg_pipeline.masking.rules import MaskingRules
    from ddg_pipeline.masking.system import Status, build_systems

    instance, rulebook = make(job["instance"], job["seed"]), load_rulebook(RULEBOOK)
    declared = table.contract(instance, job["level"], job["show_reason"])
    (system,) = build_systems([bind(declared, table.frame(instance), place=instance.name)])
    rules = MaskingRules.of(rulebook, job["level"], job["show_reason"])
    (cube,) = system.cubes
    hidden = read_pattern(Path(job["pattern"]), instance.cells.size)
    ours = system.initial_status(rules)
    ours[cube.row_ids[hidden & ~instance.small.ravel()]] = Status.COMPLEMENTARY
    result: Result = {**instance.summary(), "cost_ours": int(system.costs[ours == Status.COMPLEMENTARY].sum())}
    with _timed(result, ""):
        best = optimal(system, rules, time_limit=job["time_limit"], start=ours)
    result["peak_mib"] = peak_mib()
    if best.status is None or best.cost is None:
        return {**result, "status": "no pattern", "message": "proved impossible" if best.proven else "not in time"}
    more = best.status == Status.COMPLEMENTARY
    cost = int(system.costs[more].sum())
    return {
        **result,
        "complementary": int(more.sum()),
        "cost": cost,
        "bound": cost - (best.cost - best.bound),
        "proven": best.proven,
    }


def _pattern_figures(instance: Instance, hidden: NDArray[np.bool_]) -> Result:
    small = instance.small.ravel()
    more = hidden & ~small
    return {
        "shown_small": int((small & ~hidden).sum()),
        "hidden_zeros": int((hidden & (instance.cells.ravel() == 0)).sum()),
        "complementary": int(more.sum()),
        "value": int(instance.cells.ravel()[more].sum()),
    }


def check_linear(job: Job) -> Result:
    """Say how many small cells linear algebra recovers from a pattern, anyone's."""
    instance = make(job["instance"], job["seed"])
    hidden = read_pattern(Path(job["pattern"]), instance.cells.size)
    result: Result = _pattern_figures(instance, hidden)
    with _timed(result, ""):
        small = instance.small.ravel()
        found = check(instance.axes, hidden, small & hidden)
    return {**result, "recovered": len(found.recovered), "peak_mib": peak_mib()}


def attack(job: Job) -> Result:
    """Audit a pattern, anyone's, as it would be published: the attacker of the product, who shares no code with it.

    With ``proof``, as the product does with its own patterns: the moves of the proof are checked before anything is
    searched for, and the proof is verified by itself as well.
    """
    from ddg_pipeline.audit import AuditRules, PublishedTable, audit
    from ddg_pipeline.audit.verify import verify
    from ddg_pipeline.audit.verify_proof import read_proof

    instance, rulebook = make(job["instance"], job["seed"]), load_rulebook(RULEBOOK)
    hidden = read_pattern(Path(job["pattern"]), instance.cells.size)
    level, show_reason = job["level"], job["show_reason"]
    declared = table.contract(instance, level, show_reason)
    truth = table.frame(instance) if job.get("truth", True) else None
    shown = table.published(instance, hidden, rulebook, show_reason)
    rules = AuditRules.from_rulebook(rulebook, level, show_reason=show_reason)
    result: Result = {**instance.summary()}
    with _timed(result, "warming_"):  # compiles, or loads what was compiled before; a tiny table, nothing of it kept
        warm = make("s2_10")
        terms = table.contract(warm, level, show_reason)
        audit(PublishedTable(terms, table.published(warm, warm.small.ravel(), rulebook, show_reason)), rules)
    data = Path(job["proof"]).read_bytes() if "proof" in job else None
    with _timed(result, ""):
        suggested = None if data is None else read_proof(data, "proof")
        published = PublishedTable(declared, shown, truth=truth)
        report = audit(published, rules, time_limit=job["time_limit"], suggested=suggested)
    if suggested is not None:
        bound = bind(declared, table.frame(instance), place=instance.name)
        with _timed(result, "verifying_"):
            found = verify([bound], [shown], rulebook, suggested)
        if not found.proved:
            raise AssertionError(found.summary())
    return {
        **result,
        "peak_mib": peak_mib(),
        "examined": report.examined,
        "findings": dict(Counter(finding.kind.value for finding in report.findings)),
        "undecided": len(report.undecided),
    }


_JOBS: dict[str, Callable[[Job], Result]] = {
    "warm": warm_up,
    "mask": mask_table,
    "linear_mode": linear_mode,
    "check_linear": check_linear,
    "attack": attack,
    "optimum": optimum,
}


def main(job_path: Path, result_path: Path) -> None:
    """Do one job and write its result."""
    job = json.loads(job_path.read_text())
    try:
        result = {"status": "ok", **_JOBS[job["kind"]](job)}
    except InputErrors as error:
        result = {"status": "failed", "message": str(error)[:300]}
    result_path.write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
