"""What a project says now about a release that was certified: to be compared with the certificate of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddg_pipeline.orchestration.dbt_models import written_contracts
from ddg_pipeline.orchestration.periods import contract_named

if TYPE_CHECKING:
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.quality import Suite
    from ddg_pipeline.rulebook import Rulebook


def certified_by(project: Project, release: str) -> tuple[ReleaseContract, Rulebook, Suite]:
    """Give a release's contract, rulebook and reviewed suite as they stand in a project.

    Raises:
        InputErrors: The project has no such release, or one of them cannot be read.
        InputError: There is no suite, or it is no JSON.
    """
    from ddg_pipeline.quality import read_suite
    from ddg_pipeline.rulebook import load_rulebook

    contract = contract_named(project, written_contracts(project), release, str(project.root))
    rulebook = load_rulebook(contract.rulebook, project.rulebook_source, release)
    return contract, rulebook, read_suite(project.suite_file(contract))
