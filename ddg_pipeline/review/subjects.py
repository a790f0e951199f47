"""What is reviewed: a release that passed the gate, as its certificate names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.reporting_periods import series_of
from ddg_pipeline.quality.certificate_form import Certificate
from ddg_pipeline.quality.hashing import sha256_of
from ddg_pipeline.quality.suite import Suite
from ddg_pipeline.review.statements import Bound


@dataclass(frozen=True)
class Subject:
    """A certified release.

    Attributes:
        roles: Who has to approve it.
        contract: Its contract; the certified one.
        suite: Its reviewed suite; the certified one.
        directory: Its package.
        certificate: Its certificate, which holds.
        certificate_sha256: The hash of that file.
        earlier: The packages that came before it, the oldest first: its earlier versions, of a reporting period also
            those of other periods.
    """

    roles: tuple[str, ...]
    contract: ReleaseContract
    suite: Suite
    directory: Path
    certificate: Certificate
    certificate_sha256: str
    earlier: Sequence[Path] = ()

    @property
    def release(self) -> str:
        """Its name."""
        return self.contract.release

    @property
    def series_contract(self) -> str:
        """The hash of the contract that people wrote: of a reporting period, that of all of them."""
        if self.contract.reporting_period is None:
            return self.certificate.contract
        return sha256_of(series_of(self.contract))

    @property
    def bound(self) -> Bound:
        """What an approval of it is bound to."""
        certificate = self.certificate
        return Bound(
            certificate=self.certificate_sha256,
            data=certificate.gate.sha256,
            contract=certificate.contract,
            rulebook=certificate.rulebook,
            suite=certificate.gate.suite,
        )


def shortened(sha256: str) -> str:
    """Shorten a hash for people; long enough to tell releases apart."""
    return sha256[:12]
