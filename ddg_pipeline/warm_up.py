"""Compile what masking and the audit compile at their first use, so that nobody waits for it later.

``python -m ddg_pipeline.warm_up`` takes two to three minutes once; the result is kept beside the modules, or in the
user's cache where they cannot be written.
"""

from __future__ import annotations

import itertools
from pathlib import Path

_SIDE = 50  # categories: the audit's compiled code is used for tables of some thousand rows only


def forget_stale() -> None:
    """Throw compiled code away that is older than any of its sources: numba looks at a function's own file only."""
    sources = Path(__file__).parent
    own = [path for path in sources.rglob("*.py") if "numba" in path.read_text(encoding="utf-8")]
    newest = max(path.stat().st_mtime for path in own)
    for compiled in (*sources.rglob("*.nbi"), *sources.rglob("*.nbc")):
        if compiled.stat().st_mtime < newest:
            compiled.unlink(missing_ok=True)


def main() -> None:
    """Mask a table of made-up counts and attack the result."""
    forget_stale()
    import pandas as pd

    from ddg_pipeline.contract import bind
    from ddg_pipeline.contract.parse import parse_contract
    from ddg_pipeline.masking import mask_and_prove, proof_bytes
    from ddg_pipeline.preparation import attack
    from ddg_pipeline.rulebook import load_rulebook

    inner = {(a, b): 40 + (7 * a + 3 * b) % 30 - 36 * ((a + b) % 11 == 0) for a, b in
             itertools.product(range(_SIDE), repeat=2)}  # fmt: skip
    rows = [{"a": f"a{a}", "b": f"b{b}", "n": count} for (a, b), count in inner.items()]
    across = {"variable": "other", "groups": _SIDE}
    contract = parse_contract(
        {
            "release": "warm_up",
            "title": "Made-up counts",
            "dimensions": {"a": across, "b": across},
            "measures": {"n": {"kind": "count"}},
        },
        "warm_up",
    )
    table, rulebook = bind(contract, pd.DataFrame(rows), place="warm_up"), load_rulebook(contract.rulebook)
    [masked], protections = mask_and_prove([table], rulebook)
    for proof in (None, proof_bytes(protections)):
        attack([table], [masked.frame], rulebook, masked.reasons_shown, proof=proof)


if __name__ == "__main__":
    main()
