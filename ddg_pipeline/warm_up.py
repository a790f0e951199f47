"""Compile what masking and the audit compile at their first use, so that nobody waits for it later.

``python -m ddg_pipeline.warm_up`` takes two to three minutes once; the result is kept beside the modules, or in the
user's cache where they cannot be written.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddg_pipeline.contract import BoundTable

# Categories of each dimension, and how far small counts are from each other: the attack has some code of its own where
# hundreds of cells are hidden, and some where they all hang together.
_TABLES = (((58, 8, 4), 2), ((60, 60, 1), 11))
_BEGINS = "compiling the search for moves and the attack, once on this machine: two to three minutes"
_ENDS = "compiled"


def forget_stale() -> None:
    """Throw compiled code away that is older than any of its sources: numba looks at a function's own file only."""
    sources = Path(__file__).parent
    own = [path for path in sources.rglob("*.py") if "numba" in path.read_text(encoding="utf-8")]
    newest = max(path.stat().st_mtime for path in own)
    for compiled in (*sources.rglob("*.nbi"), *sources.rglob("*.nbc")):
        if compiled.stat().st_mtime < newest:
            compiled.unlink(missing_ok=True)


def main() -> None:
    """Mask tables of made-up counts and attack the results, saying when that begins and ends."""
    forget_stale()
    print(_BEGINS, flush=True)  # noqa: T201 - a command of its own, without the command line's console
    from ddg_pipeline.masking import mask_and_prove, proof_bytes
    from ddg_pipeline.preparation import attack
    from ddg_pipeline.rulebook import load_rulebook

    for sides, apart in _TABLES:
        table = _made_up(sides, apart)
        rulebook = load_rulebook(table.contract.rulebook)
        [masked], protections = mask_and_prove([table], rulebook)
        for proof in (None, proof_bytes(protections)):
            attack([table], [masked.frame], rulebook, masked.reasons_shown, proof=proof)
    print(_ENDS)  # noqa: T201


def _made_up(sides: tuple[int, ...], apart: int) -> BoundTable:
    """Make counts up, of which every one is small whose categories' numbers add up to a multiple."""
    import pandas as pd

    from ddg_pipeline.contract import bind
    from ddg_pipeline.contract.parse import parse_contract

    names = "abc"
    rows = [
        {name: f"{name}{label}" for name, label in zip(names, cell, strict=True)}
        | {"n": 40 + sum(cell) * 7 % 30 - 36 * (sum(cell) % apart == 0)}
        for cell in itertools.product(*map(range, sides))
    ]
    dimensions = {name: {"variable": "other", "groups": side} for name, side in zip(names, sides, strict=True)}
    raw = {
        "release": "warm_up",
        "title": "Made-up counts",
        "dimensions": dimensions,
        "measures": {"n": {"kind": "count"}},
    }
    return bind(parse_contract(raw, "warm_up"), pd.DataFrame(rows), place="warm_up")


if __name__ == "__main__":
    main()
