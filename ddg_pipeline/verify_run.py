"""``ddg verify``: the proof that ``ddg mask`` wrote, checked against the tables given as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.audit.verify import Verification, verify, verify_unmasked
from ddg_pipeline.audit.verify_proof import read_proof
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook_files import rulebook_of_files
from ddg_pipeline.table_files import bind_group, read_table

if TYPE_CHECKING:
    from collections.abc import Callable

PROOF_NAME = "proof.parquet"


def verify_files(
    pairs: Sequence[tuple[Path, Path]],
    directory: Path,
    references: Mapping[str, Path],
    progress: Callable[[str, int, int], None] | None = None,
) -> Verification:
    """Check the proof of a table, or of several that were masked together.

    Whether a table had to be masked at all is worked out anew; where it did not, its figures have to be the true ones.

    Args:
        pairs: Contract and true table of each. Restricted.
        directory: Where ``ddg mask`` wrote the masked tables and ``proof.parquet``.
        references: Where reference tables are, by name.
        progress: Called with the stage, what is done and what there is to do.

    Raises:
        InputErrors: A file is missing, cannot be read, or is not what it should be.
        RefusedError: A table carries direct identifiers, or records.
    """
    from ddg_pipeline.assessment import assess

    tables = bind_group(pairs, references)
    rulebook = rulebook_of_files([(path, one.contract) for (path, _), one in zip(pairs, tables, strict=True)])
    published = [
        read_table(directory / f"{table.contract.release}.csv", table.contract.published_measures) for table in tables
    ]
    if all(assess(table, rulebook).decision == "release" for table in tables) and all(
        table.contract.suppression.form == "cells" for table in tables
    ):
        return verify_unmasked(tables, published, rulebook)
    path = directory / PROOF_NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or "not readable"
        expected = "the directory into which `ddg mask` wrote"
        raise InputErrors([InputError(str(path), "file", found, expected)]) from None
    return verify(tables, published, rulebook, read_proof(data, str(path)), progress)
