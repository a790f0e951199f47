from __future__ import annotations

import subprocess
import sys

HEAVY = {"duckdb", "pandas", "pyarrow", "sqlalchemy", "python_calamine", "numpy"}


def test_importing_the_warehouse_is_cheap():
    modules = [f"ddg_pipeline.warehouse.{name}" for name in ("sources", "loading", "restricted", "public", "errors")]
    code = f"import sys, {', '.join(modules)}; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
