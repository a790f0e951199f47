"""``ddg verify DIR``: a released package checked anywhere, with nothing else at hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.quality import PackageCheck, Signing, check_package, read_certificate, read_suite
from ddg_pipeline.quality.code_files import code_sha256

if TYPE_CHECKING:
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.quality import Suite
    from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class Given:
    """What a package is compared with besides its own certificate; None for what is not compared.

    Attributes:
        contract: The file of a contract.
        rulebook: A rulebook's name, or a file that ends in ``.yaml``.
        suite: The file of a suite.
        signing: Whose signatures are believed.
        at: The time as of which to judge; None for now.
        project: Gives contract, rulebook and suite of a release, for what is not given by itself.
    """

    contract: Path | None = None
    rulebook: str | None = None
    suite: Path | None = None
    signing: Signing | None = None
    at: dt.datetime | None = None
    project: Callable[[str], tuple[ReleaseContract, Rulebook, Suite]] | None = None


def verify_package(directory: Path, given: Given) -> PackageCheck:
    """Check a released package.

    Raises:
        InputErrors: There is no such directory, or something given cannot be read.
        InputError: A file cannot be read, or a signature cannot be checked here.
    """
    if not directory.is_dir():
        found = "a file" if directory.is_file() else "no such directory"
        expected = "a released package: ddg verify DIR; of a masked table: ddg verify CONTRACT.yaml TABLE DIR"
        raise InputErrors([InputError(str(directory), "DIR", found, expected)])
    contract, rulebook, suite = _given(given)
    if given.project is not None:
        try:
            release = read_certificate(directory).release
        except (RefusedError, OSError):
            pass  # there is nothing to compare with, and the check says why
        else:
            of_project = given.project(release)
            contract, rulebook, suite = contract or of_project[0], rulebook or of_project[1], suite or of_project[2]
    return check_package(directory, contract, rulebook, suite, given.signing, at=given.at)


def _given(given: Given) -> tuple[ReleaseContract | None, Rulebook | None, Suite | None]:
    from ddg_pipeline.rulebook import load_rulebook
    from ddg_pipeline.rulebook_files import RULEBOOKS, RulebookFiles
    from ddg_pipeline.table_files import read_contract

    here = RulebookFiles(Path.cwd(), Path.cwd() / RULEBOOKS)
    return (
        None if given.contract is None else read_contract(given.contract),
        None if given.rulebook is None else load_rulebook(given.rulebook, here, "command line"),
        None if given.suite is None else read_suite(given.suite),
    )


def same_code(found: PackageCheck) -> bool | None:
    """Say whether the code that certified a package is the code that is installed here; None without a certificate."""
    return None if found.certificate is None else found.certificate.code_sha256 == code_sha256()


def package_json(found: PackageCheck) -> dict[str, Any]:
    """Give what checking a package showed as plain values, ready for JSON."""
    certificate, signature = found.certificate, found.signature
    return {
        "holds": found.holds,
        "directory": str(found.directory),
        "problems": list(found.problems),
        "certificate": None if certificate is None else certificate.model_dump(mode="json"),
        "certificate_sha256": found.certificate_sha256,
        "code_is_the_same_as_here": same_code(found),
        "compared": {name: found.compared.get(name) for name in ("contract", "rulebook", "suite")},
        "signature": None
        if signature is None
        else {"key": signature.key, "identity": signature.identity, "believed": signature.believed},
    }
