"""Write the example's source files, as a department's systems would hand them over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from ddg_pipeline.example.disease_cases import disease_cases
from ddg_pipeline.example.ed_visits import ed_visits
from ddg_pipeline.example.overdose_deaths import overdose_deaths
from ddg_pipeline.example.population import california
from ddg_pipeline.example.tickborne_cases import tickborne_cases

DEFAULT_SEED = 20251024
ED_VISITS = 300_000


def write_example_sources(directory: Path, seed: int = DEFAULT_SEED, visits: int = ED_VISITS) -> list[Path]:
    """Write the synthetic sources of the worked example.

    The same seed gives the same bytes. Each file is replaced in one step; an existing file is never half overwritten.

    Args:
        directory: Where to write; created where it does not exist.
        seed: Where chance starts.
        visits: How many emergency visits; fewer make a quicker, sparser example.

    Returns:
        The files: `ed_visits.parquet`, `disease_cases.csv`, `overdose_deaths.csv`, `tickborne_cases.xlsx`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    population = california()
    # A stream of its own for every source, so that a change in one leaves the others as they are.
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(4)]
    tables = [
        ("ed_visits.parquet", ed_visits(streams[0], population, visits), _write_parquet),
        ("disease_cases.csv", disease_cases(streams[1], population), _write_csv),
        ("overdose_deaths.csv", overdose_deaths(streams[2], population), _write_csv),
        ("tickborne_cases.xlsx", tickborne_cases(streams[3], population), _write_excel),
    ]
    return [_replace(directory / name, table, write) for name, table, write in tables]


def _replace(path: Path, table: pa.Table, write: Callable[[pa.Table, Path], None]) -> Path:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        write(table, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd")


def _write_csv(table: pa.Table, path: Path) -> None:
    import pyarrow.csv as pc

    pc.write_csv(table, path, pc.WriteOptions(quoting_style="needed"))


def _write_excel(table: pa.Table, path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        workbook.set_properties(
            {"created": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}
        )  # else the clock's, and no two files alike
        sheet = workbook.add_worksheet("cases")
        sheet.write_row(0, 0, table.column_names)
        for number, row in enumerate(zip(*table.to_pydict().values(), strict=True), start=1):
            sheet.write_row(number, 0, row)
