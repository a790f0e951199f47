"""The proof of protection on its way: staged beside a package, checked by the gate, kept with what was released.

It narrows hidden counts down, so that it never enters the package, every file of which is published:

    <restricted>/staged/<release>/proof.parquet      of the group that the release was masked with
    <restricted>/proofs/<release>/<version>.parquet  the same, of that version in the public store

Nor does its hash leave the restricted directory: who guesses the hidden counts could tell by it whether they guessed
right, because the same counts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.contract import BoundTable
from ddg_pipeline.earlier_versions import NO_VERSIONS, Versions
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.warehouse.private import DIRECTORY_MODE

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.audit.verify import Verification
    from ddg_pipeline.masking import Progress

_STAGED = "proof.parquet"


@dataclass(frozen=True)
class CheckedProof:
    """What checking the proof of a group showed.

    Attributes:
        data: The very bytes that were checked; None where no cell is hidden. Restricted.
        verification: What is wrong; None where the tables hide no cell by their form, or could not be checked.
        problems: Why they could not be checked; empty if they could.
    """

    data: bytes | None = field(repr=False)
    verification: Verification | None
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the protection is proved, or no cell is hidden."""
        return not self.problems and (self.verification is None or self.verification.proved)


def stage_proof(project: Project, release: str, data: bytes | None) -> None:
    """Write the proof beside the package of a staged release; nothing where no cell is hidden."""
    if data is not None:
        project.sealed_files.write(project.staged(release) / _STAGED, data)


def check_proof(
    project: Project,
    tables: Sequence[BoundTable],
    published: Sequence[pd.DataFrame],
    rulebook: Rulebook,
    *,
    masked: bool,
    progress: Progress | None = None,
    versions: Versions = NO_VERSIONS,
) -> CheckedProof:
    """Check the staged proof of a group against the tables as read back from the bytes that ship.

    Raises:
        RefusedError: A proof is missing, or linked releases do not have the same one.
    """
    from ddg_pipeline.preparation import hides_cells, verify_protection

    data = _read_staged(project, tables) if masked and hides_cells(tables) else None
    try:
        return CheckedProof(data, verify_protection(tables, published, rulebook, data, progress, versions), ())
    except (InputError, InputErrors) as error:
        return CheckedProof(data, None, (str(error),))


def keep_proof(project: Project, release: str, version: Path, *, proof: CheckedProof) -> None:
    """Keep the proof that was checked under the number of the version that it belongs to."""
    target = project.proofs(release) / f"{version.name}.parquet"
    if proof.data is None:
        target.unlink(missing_ok=True)  # of an earlier version of this number, should the public store be a new one
        return
    target.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    project.sealed_files.write(target, proof.data)


def _read_staged(project: Project, tables: Sequence[BoundTable]) -> bytes:
    names = [table.contract.release for table in tables]
    found = []
    for name in names:
        try:
            found.append(project.sealed_files.read(project.staged(name) / _STAGED))
        except OSError:
            raise RefusedError(f"{name}: no proof is staged; {made_by(name, 'masked')}") from None
    if any(data != found[0] for data in found):
        raise RefusedError(
            f"{', '.join(names)}: linked, but staged with different proofs; {made_by(names[0], 'masked')}"
        )
    return found[0]
