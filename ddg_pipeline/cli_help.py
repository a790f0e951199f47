"""The command ``ddg help``: the documentation in a terminal, without a network."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def help_(
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC]", help="A page, or one of its headings: contract#identities.")
    ] = None,
) -> None:
    """Print a page of the documentation, or list all of them. Errors say which page explains them."""
    from ddg_pipeline.help_pages import FOLDERS, pages, parts_of, readable_topic

    if topic is not None:
        _print(readable_topic(topic))
        if parts := parts_of(topic):
            typer.echo(f"\nOnly a part of this long page: ddg help {topic}#HEADING, with one of\n{parts}", err=True)
        return
    known = pages()
    width = max(len(page.name) for page in known)
    for folder, title in FOLDERS.items():
        typer.echo(f"{title}\n")
        for page in known:
            if page.folder == folder:
                typer.echo(f"  {page.name:<{width}}  {page.title}")
        typer.echo()
    typer.echo("ddg help TOPIC prints one; ddg help TOPIC#heading a part of it.")


def _print(text: str) -> None:
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.markdown import Markdown

    from ddg_pipeline.console_layout import console

    console().print(Markdown(text, hyperlinks=False))
