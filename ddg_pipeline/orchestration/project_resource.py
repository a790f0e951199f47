"""A project as a Dagster resource: what others' assets need to read releases, or to run dbt in the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import Field

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.orchestration.project import Project, load_project


class DdgProjectResource(dg.ConfigurableResource[None]):
    """A project, by the directory of its ``ddg.yaml``.

    Examples:
        .. code-block:: python

            @dg.asset(deps=[dg.AssetKey(["cases_by_county", "publication"])])
            def chart(releases: DdgProjectResource) -> None:
                (table,) = releases.package("cases_by_county").glob("cases-*.csv")
    """

    directory: str = Field(description="The directory of ddg.yaml.", examples=["/srv/releases"])

    def load(self) -> Project:
        """Read ``ddg.yaml``.

        Raises:
            InputErrors: It is missing or wrong.
        """
        return load_project(Path(self.directory))

    def package(self, release: str) -> Path:
        """Give the directory of the current version of a release that passed the gate; its certificate is verified.

        Raises:
            RefusedError: There is none, or its certificate does not hold for the bytes that are there.
        """
        from ddg_pipeline.quality import verify_certificate

        project = self.load()
        current = project.public_store.current(release)
        if current is None:
            raise RefusedError(f"{release}: nothing has passed the gate")
        verify_certificate(current, signing=project.signing)
        return current

    @contextmanager
    def dbt_environment(self) -> Iterator[None]:
        """Have in the environment what dbt needs to find the restricted store, for the length of a block.

        Start dbt in it: ``with releases.dbt_environment(): invocation = dbt.cli(["build"], context=context)``.
        """
        with self.load().dbt_environment():
            yield
