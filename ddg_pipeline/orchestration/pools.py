"""Dagster's pools: what has to wait its turn, in one run and across runs."""

DUCKDB_POOL = "duckdb"  # the restricted store has one writer at a time
