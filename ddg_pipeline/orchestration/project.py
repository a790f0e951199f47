"""Where a project keeps what the pipeline reads and writes: the file ``ddg.yaml``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality.signatures import Signing
from ddg_pipeline.rulebook_files import RULEBOOKS, RulebookFiles
from ddg_pipeline.strict_yaml import load_yaml
from ddg_pipeline.warehouse.public import PublicStore
from ddg_pipeline.warehouse.restricted import RestrictedStore

PROJECT_FILE = "ddg.yaml"
PROJECT_VARIABLE = "DDG_PROJECT"  # the environment variable that names the project's directory
RESTRICTED_VARIABLE = "DDG_RESTRICTED_DB"  # what a dbt profile reads the path of the restricted store from


class _SigningSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = Field(default=None, min_length=1)
    allowed_signers: str | None = Field(default=None, min_length=1)
    identity: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> _SigningSettings:
        if self.key is None and self.allowed_signers is None:
            raise ValueError("neither key nor allowed_signers")
        if self.identity is not None and self.allowed_signers is None:
            raise ValueError("an identity without allowed_signers, which say who that is")
        return self


class _Paths(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: str = Field(min_length=1)
    dbt_project: str = Field(min_length=1)
    expectations: str = Field(min_length=1)
    restricted: str = Field(min_length=1)
    public: str = Field(min_length=1)
    portal: str = Field(min_length=1)
    dagster_home: str = Field(min_length=1)
    rulebooks: str = Field(default=RULEBOOKS, min_length=1)
    signing: _SigningSettings | None = None

    @field_validator("signing", mode="before")
    @classmethod
    def _not_empty(cls, signing: Any) -> Any:
        if signing is None:  # a key that was commented out must not turn signatures off
            raise ValueError("nothing")
        return signing


@dataclass(frozen=True)
class Project:
    """A project's places, all absolute.

    Attributes:
        root: The directory of ``ddg.yaml``.
        sources: The declaration of what is loaded.
        dbt_project: The dbt project.
        expectations: The directory of the suites.
        restricted: The restricted directory, mode 0700.
        public: The public store's directory.
        portal: The local portal folder.
        dagster_home: Dagster's instance.
        rulebooks: The directory of the project's own rulebooks; need not be there.
        signing: How certificates are signed; None where they are not.
    """

    root: Path
    sources: Path
    dbt_project: Path
    expectations: Path
    restricted: Path
    public: Path
    portal: Path
    dagster_home: Path
    rulebooks: Path
    signing: Signing | None = None

    @property
    def rulebook_source(self) -> RulebookFiles:
        """Where contracts' rulebooks are found: shipped ones, the project's own, and paths from the project's root."""
        return RulebookFiles(self.root, self.rulebooks)

    @property
    def restricted_store(self) -> RestrictedStore:
        """The DuckDB file with sources and aggregates."""
        return RestrictedStore(self.restricted / "restricted.duckdb")

    @property
    def public_store(self) -> PublicStore:
        """The certified releases."""
        return PublicStore(self.public)

    @property
    def dbt_target(self) -> Path:
        """Where dbt writes what it compiles and how it went: restricted, because it names records' columns."""
        return self.restricted / "dbt" / "target"

    @property
    def manifest(self) -> Path:
        """The manifest of the dbt project, as last parsed."""
        return self.dbt_target / "manifest.json"

    def staged(self, release: str) -> Path:
        """Where a release stands between masking and the gate."""
        return self.restricted / "staged" / release

    def proofs(self, release: str) -> Path:
        """Where the proofs of a release's versions are kept."""
        return self.restricted / "proofs" / release

    def data_docs(self, release: str) -> Path:
        """The page that tells reviewers what the gate found in a release."""
        return self.restricted / "data_docs" / f"{release}.html"

    def prepare_environment(self) -> None:
        """Set, for this process and those it starts, what dbt, Dagster and Great Expectations read."""
        os.environ[RESTRICTED_VARIABLE] = str(self.restricted_store.path)
        os.environ.setdefault("DAGSTER_HOME", str(self.dagster_home))
        os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
        os.environ["DO_NOT_TRACK"] = "1"
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        os.environ["DBT_LOG_PATH"] = str(self.restricted / "dbt" / "logs")


def load_project(directory: Path | None = None) -> Project:
    """Read a project's ``ddg.yaml``.

    Args:
        directory: Where it is; by default what ``DDG_PROJECT`` names, else the working directory.

    Raises:
        InputErrors: The file is missing or wrong.
    """
    root = (directory or Path(os.environ.get(PROJECT_VARIABLE, "."))).resolve()
    file = root / PROJECT_FILE
    if not file.is_file():
        hint = f"run this in a project's directory, or name one by --project or {PROJECT_VARIABLE}"
        raise InputErrors([InputError(str(file), "file", "nothing", hint)])
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputErrors([InputError(str(file), "file", "bytes that are not UTF-8", "save it as UTF-8")]) from None
    raw: Any = load_yaml(text, str(file))
    try:
        paths = _Paths.model_validate(raw)
    except ValidationError as error:
        raise InputErrors([_wrong(str(file), detail["loc"], detail["msg"]) for detail in error.errors()]) from None
    given = paths.model_dump(exclude={"signing"})
    places = {key: (root / os.path.expandvars(value)).resolve() for key, value in given.items()}
    project = Project(root=root, **places, signing=_signing(paths.signing, root, str(file)))
    _check_apart(project, str(file))
    return project


def _wrong(file: str, loc: tuple[str | int, ...], message: str) -> InputError:
    field = ".".join(map(str, loc)) or "the whole"
    allowed = f"the keys are {', '.join(_Paths.model_fields)}, each a path but `signing`"
    if loc[:1] == ("signing",):
        keys = ", ".join(_SigningSettings.model_fields)
        allowed = f"a mapping with key, allowed_signers or both; the keys are {keys}"
    return InputError(file, field, message.removeprefix("Value error, ").lower(), allowed)


def _signing(settings: _SigningSettings | None, root: Path, file: str) -> Signing | None:
    if settings is None:
        return None
    given = {key: os.path.expandvars(value).strip() for key, value in settings.model_dump(exclude_none=True).items()}
    empty = [key for key, value in given.items() if not value]
    if empty:
        written = settings.model_dump()
        raise InputErrors(
            [
                InputError(file, f"signing.{key}", f"{written[key]!r}, which is empty", "set the environment variable")
                for key in empty
            ]
        )
    paths = {key: root / Path(given[key]).expanduser() for key in ("key", "allowed_signers") if key in given}
    return Signing(place=file, identity=given.get("identity"), **paths)


def _check_apart(project: Project, file: str) -> None:
    """What is public may not lie inside what is restricted, nor the other way round."""
    for key in ("public", "portal", "dagster_home"):
        other = getattr(project, key)
        if other.is_relative_to(project.restricted) or project.restricted.is_relative_to(other):
            raise InputErrors(
                [InputError(file, key, str(other), f"a directory apart from `restricted` ({project.restricted})")]
            )
        secret = project.signing.key if project.signing is not None else None
        if secret is not None and secret.resolve().is_relative_to(other):
            raise InputErrors([InputError(file, "signing.key", str(secret), f"a key outside of `{key}` ({other})")])
