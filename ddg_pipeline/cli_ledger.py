"""The commands ``ddg ledger …`` and ``ddg retract``: what is public of every release, and taking it back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, print_json
from ddg_pipeline.completion import release_names
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.made_by import made_by

if TYPE_CHECKING:
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.publishing.ledger import PublicVersion

app = typer.Typer(
    name="ledger",
    help="What is public of every release, or was: what readers know.",
    no_args_is_help=True,
    rich_markup_mode=None,
    suggest_commands=False,
)

ReleaseName = Annotated[str, typer.Argument(metavar="RELEASE", help="The release.", autocompletion=release_names)]


@app.command(short_help="List every version that is public, or was.")
def show(
    release: Annotated[
        str | None, typer.Argument(metavar="[RELEASE]", help="By default all.", autocompletion=release_names)
    ] = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
) -> None:
    """List every version that is public, or was, with its certificate, when and where."""
    from ddg_pipeline.orchestration.project import load_project

    place = load_project(project)
    names = place.ledger.releases() if release is None else [release]
    found = {name: place.ledger.versions(name) for name in names}
    retracted = {name: place.ledger.retraction(name) for name in names}
    if as_json:
        print_json(
            {
                name: {
                    "retracted": None if (one := retracted[name]) is None else one.model_dump(mode="json"),
                    "versions": [version.model_dump(mode="json") for version in versions],
                }
                for name, versions in found.items()
            }
        )
        return
    for name, versions in found.items():
        withdrawn = retracted[name]
        if withdrawn is not None:
            typer.echo(f"{name}: withdrawn since {withdrawn.at:%Y-%m-%d}: {withdrawn.reason}")
        for version in versions:
            typer.echo(_line(version))
    if not any(found.values()):
        typer.echo("nothing is public, as far as this project knows; `ddg ledger import` takes up earlier tables")


def _line(version: PublicVersion) -> str:
    state = "public" if version.is_public else "withdrawn"
    where = ", ".join(version.where) or "no place noted"
    lost = "; small counts accepted as lost" if version.small_counts == "accept" else ""
    return f"{version.name}: {state}, {version.issued_at:%Y-%m-%d %H:%MZ}, {where}, {version.certificate[:16]}…{lost}"


@app.command("import", short_help="Take up a table that was published before.")
def import_table(
    release: ReleaseName,
    table: Annotated[Path, typer.Argument(metavar="TABLE.csv", help="The table as it was published.")],
    published: Annotated[
        dt.datetime, typer.Option("--published", metavar="DATE", formats=["%Y-%m-%d"], help="When: YYYY-MM-DD.")
    ],
    where: Annotated[str, typer.Option(metavar="PLACE", help="Where it was published: an address, a report.")] = "",
    at: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="COLUMN=LABEL", help="Of a column that the release does not have: which rows."),
    ] = None,
    accept_small_counts: Annotated[
        bool,
        typer.Option("--accept-small-counts", help="Small counts that it shows are lost; protect the others from it."),
    ] = False,
    project: ProjectDirectory = None,
) -> None:
    """Take up a table that was published before this tool, or beside it: from now on readers are taken to know it.

    Its columns have to be called as in the release, hidden cells are empty. The next version is masked beside it.
    """
    from ddg_pipeline.command_line import given_pairs_of_text
    from ddg_pipeline.earlier_versions import check_published
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.quality import read_csv_text

    place = load_project(project)
    contract = _contract(place, release)
    choices = given_pairs_of_text("--at", at)
    try:
        data = table.read_bytes()
    except OSError as error:
        raise InputError(str(table), "TABLE.csv", error.strerror or "not readable", "a CSV file") from None
    frame = read_csv_text(data, str(table))
    for column, label in choices.items():
        if column not in frame.columns:
            expected = f"a column of the table: {', '.join(map(str, frame.columns))}"
            raise InputError("command line", f"--at {column}", "no such column", expected)
        frame = frame[frame[column] == label].drop(columns=column)
    check_published(contract, frame.reset_index(drop=True), str(table))
    entry = place.ledger.import_table(
        release,
        data,
        published_at=published.replace(tzinfo=dt.UTC),
        where=where,
        at=choices,
        small_counts="accept" if accept_small_counts else "refuse",
    )
    typer.echo(_line(entry))


@app.command(short_help="Accept that the small counts of a version are lost.")
def accept(
    release: ReleaseName,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its number, or imported-N.")],
    note: Annotated[str, typer.Option(metavar="WHY", help="Who decided, and why.")],
    project: ProjectDirectory = None,
) -> None:
    """Accept that small counts which a version shows cannot be protected any more.

    They are hidden from now on, and every other small count is protected from readers who know them.
    """
    from ddg_pipeline.orchestration.project import load_project

    place = load_project(project)
    known = {
        (f"imported-{one.imported}" if one.imported else str(one.version)): one
        for one in place.ledger.versions(release)
    }
    if version not in known:
        raise InputError(
            "command line", "VERSION", version, f"one of {', '.join(known) or 'none: the ledger is empty'}"
        )
    typer.echo(_line(place.ledger.accept_small_counts(known[version], note)))


def retract(
    release: ReleaseName,
    reason: Annotated[str | None, typer.Option(metavar="WHY", help="Why; kept in the ledger.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Let its next version be published.")] = False,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a release from every place where it was published, and keep it from being published again.

    What was public stays in the ledger: readers may have copies.
    """
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.retraction import lift_retraction
    from ddg_pipeline.orchestration.retraction import retract as withdraw

    place = load_project(project)
    contract = _contract(place, release)
    if lift:
        if not lift_retraction(place, release):
            raise RefusedError(f"{release}: not withdrawn, so there is nothing to lift")
        typer.echo(f"{release}: its next version may be published; {made_by(release, 'masked', 'release')}")
        return
    if reason is None or not reason.strip():
        raise InputError(
            "command line", "--reason", "nothing", "say why it is withdrawn: --reason 'wrong denominators'"
        )
    done = withdraw(place, contract, reason.strip())
    if as_json:
        print_json({"release": release, "withdrawn": done})
        return
    for line in done or ["it was public nowhere"]:
        typer.echo(f"{release}: {line}")
    typer.echo(f"{release}: withdrawn; nothing of it is published until `ddg retract {release} --lift`")


def _contract(place: Project, release: str) -> ReleaseContract:
    from ddg_pipeline.orchestration.review import contract_of

    return contract_of(place, release, str(place.root))
