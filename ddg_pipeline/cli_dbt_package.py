"""``ddg dbt-package``: where the dbt package is, or a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ddg_pipeline.command_line import AsJson, print_json


def dbt_package(
    copy_to: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Copy the package into this new directory.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print where the dbt package is: macros and generic tests for age groups, margins, county codes and rates.

    A dbt project names it in packages.yml: `- local: "{{ env_var('DDG_DBT_PACKAGE') }}"`. For dbt without ddg, set that
    variable to what this prints and run `dbt deps`, or copy the package into DIR.
    """
    from ddg_pipeline.orchestration.dbt_package import PACKAGE, copy_package

    place = PACKAGE if copy_to is None else copy_package(copy_to)
    if as_json:
        print_json({"dbt_package": str(place)})
        return
    typer.echo(str(place))
