"""``python -m benchmarks``: measure, write the results, and make the page of them."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import run
from benchmarks.instances import DEFAULT_SEED, GROWTH, INSTANCES
from benchmarks.peers.tools import PEERS
from benchmarks.results import Results

_ROOT = Path(__file__).parent.parent


def main() -> None:
    """Do what the command line says."""
    options = _parser().parse_args()
    results = Results(options.results / options.run)
    if not options.page_only:
        full = options.full
        plan = run.Plan(
            instances=options.instances or (run.FULL if full else run.QUICK),
            seeds=options.seeds,
            peers=[] if options.peers == ["none"] else options.peers,
            levels=options.levels,
            growth=[]
            if options.growth == ["none"]
            else options.growth or (run.GROWTH_FULL if full else run.GROWTH_QUICK),
            time_limit=options.time_limit or (900 if full else 120),
            attack_limit=options.attack_limit or (600 if full else 60),
        )
        run.Run(plan, results, options.results / "environments").all()
    if not options.no_page:
        from benchmarks.page import write_page
        from benchmarks.plots import draw_plots

        draw_plots(results, options.docs / "images")
        write_page(results, options.docs / "explanation" / "benchmarks.md")


def _names(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _numbers(text: str) -> list[int]:
    return [int(part) for part in _names(text)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the large instances too: hours, because of the peers")
    parser.add_argument("--instances", type=_names, help=f"by default a few quick ones; of {', '.join(INSTANCES)}")
    parser.add_argument("--seeds", type=_numbers, default=[DEFAULT_SEED])
    parser.add_argument("--peers", type=_names, default=list(PEERS), help=f"of {', '.join(PEERS)}, or none")
    parser.add_argument("--levels", type=_names, default=list(run.LEVELS), help=f"of {', '.join(run.LEVELS)}")
    parser.add_argument("--growth", type=_names, help=f"sizes of the growth series, of {', '.join(GROWTH)}, or none")
    parser.add_argument("--time-limit", type=int, help="seconds for each table masked; 120, with --full 900")
    parser.add_argument("--attack-limit", type=int, help="seconds for each attack; 60, with --full 600")
    parser.add_argument("--run", default="latest", help="a run's name; what it has measured is not measured again")
    parser.add_argument("--results", type=Path, default=_ROOT / "var" / "bench", help="where runs are kept")
    parser.add_argument("--docs", type=Path, default=_ROOT / "docs", help="where the page and its images go")
    parser.add_argument("--page-only", action="store_true", help="make the page of what has been measured")
    parser.add_argument("--no-page", action="store_true", help="measure only")
    return parser


if __name__ == "__main__":
    main()
