"""The commands of the review: ``ddg approve``, ``ddg revoke`` and ``ddg status``."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, ReleaseNames, print_json, shown_progress, tell_aside
from ddg_pipeline.completion import release_names
from ddg_pipeline.errors import InputError

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.orchestration.review import ReleaseStatus
    from ddg_pipeline.review.approving import Series
    from ddg_pipeline.review.statements import Record

_UNSAFE = 1
_PLACE = "command line"
_WAITING = "waiting for a publication, or somebody else's approval, to end"

Release = Annotated[str, typer.Argument(metavar="RELEASE", help="The release.", autocompletion=release_names)]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="In which role: one that `ddg status` lists.")]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who; where approvals are signed, as review.allowed_signers has it.")
]
Key = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The SSH key to sign with; by default review.key.")
]


def approve(
    release: Release,
    role: Role,
    by: By,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, or with what in mind.")] = "",
    certificate: Annotated[
        str | None,
        typer.Option("--certificate", metavar="HASH", help="What you looked at; refused if it is another by now."),
    ] = None,
    key: Key = None,
    standing: Annotated[
        bool, typer.Option("--standing", help="Approve later releases of this series too, within limits.")
    ] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Standing: the last day, such as 2027-06-30.")
    ] = None,
    max_share_suppressed: Annotated[
        float | None,
        typer.Option("--max-share-suppressed", metavar="PERCENT", help="Standing: of any measure's cells."),
    ] = None,
    max_score: Annotated[
        int | None, typer.Option("--max-score", metavar="SCORE", help="Standing: the publication score.")
    ] = None,
    max_drift: Annotated[
        float | None,
        typer.Option("--max-drift", metavar="PERCENT", help="Standing: of rows, categories and totals."),
    ] = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Approve a release: exactly the bytes, contract, rulebook and suite that its certificate names.

    Limits of a standing approval that are left out are the release's own share and score, and the contract's limit of
    rows. What comes later, and is not inside of them, asks for a person again.
    """
    from ddg_pipeline.orchestration import review
    from ddg_pipeline.review.approving import approve as approve_release

    limits = {"--until": until, "--max-share-suppressed": max_share_suppressed, "--max-score": max_score}
    series = _series(standing, {**limits, "--max-drift": max_drift}, max_share_suppressed, max_score, max_drift)
    place = _load(project)
    with shown_progress(True):  # standard output is for results: dbt may be asked for the project's contracts
        contract = review.contract_of(place, release, _PLACE)
        subject = review.subject_of(place, review.package_of(place, contract))
        if certificate is not None:
            review.check_meant(subject, certificate, _PLACE, "--certificate")
        record = approve_release(
            review.desk_of(place, _PLACE, key),
            subject,
            role=role,
            by=by,
            note=note,
            series=series,
            on_wait=lambda: tell_aside(_WAITING),
        )
        found = review.status_of(place, contract)
    kind = f"approved as {role} by {by}" if series is None else f"approved as {role} by {by}, until {series.until}"
    _tell(record, found, f"{release}: {kind}", as_json=as_json)


def revoke(
    release: Release,
    role: Role,
    by: By,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why it is taken back.")],
    key: Key = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Take back the approvals of a role for a release, standing ones too; what is public stays public."""
    from ddg_pipeline.orchestration import review
    from ddg_pipeline.review.approving import revoke as revoke_approvals

    place = _load(project)
    with shown_progress(True):
        record = revoke_approvals(
            review.desk_of(place, _PLACE, key),
            release,
            role=role,
            by=by,
            note=note,
            on_wait=lambda: tell_aside(_WAITING),
        )
        contract = review.contracts_of(place).get(release)
        found = None if contract is None else review.status_of(place, contract)
    _tell(record, found, f"{release}: the approvals as {role} were revoked by {by}", as_json=as_json)


def status(
    release: ReleaseNames = None,
    require: Annotated[
        bool, typer.Option("--require", help="Exit with 1 unless everything is certified and approved.")
    ] = False,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Say what is released, who has approved it, who is missing and why, and what the portal shows."""
    from ddg_pipeline.orchestration import review

    place = _load(project)
    with shown_progress(True):
        contracts = review.contracts_of(place)
        wanted = [review.contract_of(place, name, _PLACE) for name in release] if release else [*contracts.values()]
        found = [review.status_of(place, contract) for contract in wanted]
    if as_json:
        print_json({"releases": [one.to_json_dict() for one in found]})
    else:
        from ddg_pipeline.console_review import print_status

        print_status(found)
    if require and not all(one.complete for one in found):
        raise typer.Exit(_UNSAFE)


def _series(
    standing: bool,
    given: dict[str, object],
    share_suppressed: float | None,
    score: int | None,
    drift: float | None,
) -> Series | None:
    """Read how far an approval is to stand.

    Raises:
        InputError: Something is missing, or is for standing approvals only.
    """
    from ddg_pipeline.review.approving import Series

    until = given["--until"]
    if not standing:
        for name, value in given.items():
            if value is not None:
                raise InputError(_PLACE, name, "given", "give --standing as well, or leave it out")
        return None
    try:
        last = dt.date.fromisoformat(str(until))
    except ValueError:
        found = "nothing" if until is None else ascii(until)
        raise InputError(_PLACE, "--until", found, "the last day of it, such as 2027-06-30") from None
    return Series(last, share_suppressed, score, drift)


def _tell(record: Record, found: ReleaseStatus | None, sentence: str, *, as_json: bool) -> None:
    if as_json:
        values = {"recorded": record.statement.model_dump(mode="json"), "entry": record.number}
        print_json({**values, "release": None if found is None else found.to_json_dict()})
    elif found is None:
        typer.echo(sentence)
    else:
        from ddg_pipeline.console_review import print_recorded

        print_recorded(found, sentence)


def _load(directory: Path | None) -> Project:
    from ddg_pipeline.orchestration.project import load_project

    place = load_project(directory)
    place.prepare_environment()
    return place
