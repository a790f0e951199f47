"""The commands ``ddg store …``: what lies in the restricted store, and its key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, print_json, tell_aside
from ddg_pipeline.errors import InputError

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.warehouse.encryption import Encryption

app = typer.Typer(
    name="store",
    help="Clean the restricted store, encrypt it, and look at what is sealed in it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    suggest_commands=False,
)


@app.command(short_help="Remove what the retention policy does not keep.")
def clean(
    project: ProjectDirectory = None,
    intermediates: Annotated[
        bool,
        typer.Option("--intermediates", help="Remove tables and staged files too, whatever `after_release` says."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove from the restricted store what the policy in ddg.yaml does not keep, and print what was removed.

    What releases need that are under way, or failed, stays. The database is written anew.
    """
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest
    from ddg_pipeline.orchestration.retention import clean as clean_store
    from ddg_pipeline.orchestration.store_work import exclusive

    place = _load(project)
    place.prepare_environment()
    manifest = read_manifest(ensure_manifest(place))
    with exclusive(place, tell_aside):
        removed = clean_store(place, manifest, intermediates=True if intermediates else None)
    if as_json:
        print_json({"removed": removed})
        return
    for line in removed or ["nothing to remove"]:
        typer.echo(line)


@app.command(short_help="Say how the store is kept.")
def status(project: ProjectDirectory = None, as_json: AsJson = False) -> None:
    """Say where the store is, whether it is encrypted and by which module, and what its policy keeps."""
    from ddg_pipeline.orchestration.unfinished import unfinished
    from ddg_pipeline.warehouse.restricted import crypto_module

    place = _load(project)
    store = place.restricted_store
    if store.path.exists():
        with store.connect(read_only=True):
            pass  # the key is the store's, or this says that it is not
    encryption = place.encryption
    found = {
        "database": str(store.path),
        "exists": store.path.exists(),
        "encrypted": encryption is not None,
        "key_from": None if encryption is None else f"{encryption.kind} {encryption.name}",
        "module": None if encryption is None else crypto_module(encryption),
        "unfinished": sorted(unfinished(place)),
        "retention": place.retention.model_dump(),
    }
    if as_json:
        print_json(found)
        return
    typer.echo(f"{store.path}: {'encrypted' if encryption else 'not encrypted'}{'' if found['exists'] else ' (empty)'}")
    if encryption is not None:
        typer.echo(f"key: from the {found['key_from']}; module: {found['module']}")
        if found["module"] == "duckdb":
            typer.echo(
                "weaker nonces than OpenSSL's: `ddg help security#encryption`, or `INSTALL httpfs` in DuckDB once"
            )
    typer.echo(f"retention: {', '.join(f'{key} {value}' for key, value in place.retention.model_dump().items())}")
    for name in sorted(unfinished(place)):
        typer.echo(f"under way or failed: {name}; what it needs is kept")


@app.command(short_help="Print a sealed file of the store.")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its path, or its path inside the store.")],
    project: ProjectDirectory = None,
) -> None:
    """Print what is in a restricted file: dbt's messages, a proof, what was staged. It may quote figures."""
    place = _load(project)
    path = file if file.is_absolute() else place.restricted / file
    if not path.is_file():
        raise InputError(str(path), "FILE", "no such file", "write a path as an error, or `ddg store clean`, names it")
    sys.stdout.buffer.write(place.sealed_files.read(path))


@app.command(short_help="Encrypt a plain store with the configured key.")
def encrypt(project: ProjectDirectory = None) -> None:
    """Encrypt a plain store, and the files beside it, with the key that ddg.yaml names."""
    place = _load(project)
    _change(place, None, _configured(place))


@app.command(short_help="Make an encrypted store plain.")
def decrypt(project: ProjectDirectory = None) -> None:
    """Make a store plain that ddg.yaml names the key of; then take the key out of ddg.yaml."""
    place = _load(project)
    _change(place, _configured(place), None)
    typer.echo("now take `restricted_key` or `restricted_key_file` out of ddg.yaml")


@app.command(short_help="Give the store another key.")
def rekey(
    variable: Annotated[
        str | None, typer.Option("--to-variable", metavar="NAME", help="The environment variable with the new key.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option("--to-file", metavar="FILE", help="The file with the new key, mode 0600.")
    ] = None,
    project: ProjectDirectory = None,
) -> None:
    """Encrypt the store anew with another key. The key that ddg.yaml names is the old one, until this is done."""
    from ddg_pipeline.warehouse.encryption import Encryption

    place = _load(project)
    before = _configured(place)
    if (variable is None) == (key_file is None):
        raise InputError("command line", "--to-variable, --to-file", "none or both", "give one of the two")
    if variable is not None:
        after = Encryption("command line", "variable", variable, before.crypto)
    else:
        after = Encryption("command line", "file", str(key_file), before.crypto)
    _change(place, before, after)
    typer.echo(f"from now on the {before.kind} {before.name} has to hold the new key")


def _change(place: Project, before: Encryption | None, after: Encryption | None) -> None:
    from ddg_pipeline.orchestration.store_keys import change_key

    for encryption in (before, after):
        if encryption is not None:
            encryption.key()  # before anything is touched
    for path in change_key(place, before, after):
        typer.echo(f"{path}: {'plain' if after is None else 'encrypted'}")


def _load(directory: Path | None) -> Project:
    from ddg_pipeline.orchestration.project import load_project

    return load_project(directory)


def _configured(place: Project) -> Encryption:
    if place.encryption is None:
        expected = "write `restricted_key: ${DDG_RESTRICTED_KEY}` into ddg.yaml"
        raise InputError(str(place.root / "ddg.yaml"), "restricted_key", "no key", expected)
    return place.encryption
