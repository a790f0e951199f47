"""Where a project keeps what the pipeline reads and writes: the file ``ddg.yaml``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.dbt_package import PACKAGE, PACKAGE_VARIABLE
from ddg_pipeline.orchestration.portal_settings import (
    DEPARTMENT_KEYS,
    DepartmentMetadata,
    TargetSettings,
    targets_of,
)
from ddg_pipeline.publishing.ckan.settings import CkanPortal
from ddg_pipeline.publishing.ledger import Ledger
from ddg_pipeline.publishing.targets import Target
from ddg_pipeline.quality.signatures import Signing
from ddg_pipeline.review.settings import LOG, Review, ReviewSettings, review_of
from ddg_pipeline.rulebook_files import RULEBOOKS, RulebookFiles
from ddg_pipeline.strict_yaml import load_yaml, looks_like_a_key
from ddg_pipeline.validation_messages import did_you_mean
from ddg_pipeline.warehouse.encryption import CRYPTO_VARIABLE, KEY_FROM_VARIABLE, Crypto, Encryption
from ddg_pipeline.warehouse.public import PublicStore
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.sealed import SealedFiles

PROJECT_FILE = "ddg.yaml"
PROJECT_VARIABLE = "DDG_PROJECT"  # the environment variable that names the project's directory
RESTRICTED_VARIABLE = "DDG_RESTRICTED_DB"  # what a dbt profile reads the path of the restricted store from
_COMPONENT_FILES = ("defs.yaml", "defs.yml", "component.py")
_INDIRECT_SELECTION = "DBT_INDIRECT_SELECTION"


class _SigningSettings(BaseModel):
    """How certificates are signed, and whose signatures are believed.

    Attributes:
        key: The SSH key that signs; a variable of the environment may stand in it.
        allowed_signers: The file of those whose signatures are believed, as ssh-keygen(1) describes it.
        identity: The name in it that has to have signed.
    """

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
    """Where everything is: paths from the directory of the file; variables of the environment may stand in them.

    Attributes:
        sources: The declaration of what is loaded. No such file where dbt builds in another database.
        dbt_project: The dbt project that aggregates it, with the contracts.
        expectations: The directory of the reviewed suites, one a release.
        restricted: Source tables, aggregates, staged releases: a directory for its owner alone.
        public: Certified releases, and nothing else.
        portal: The local portal folder.
        dagster_home: Dagster's instance.
        rulebooks: The department's own rulebooks, if it has any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: str = Field(default="sources.yaml", min_length=1)
    dbt_project: str = Field(min_length=1)
    expectations: str = Field(min_length=1)
    restricted: str = Field(min_length=1)
    public: str = Field(min_length=1)
    portal: str = Field(min_length=1)
    dagster_home: str = Field(min_length=1)
    rulebooks: str = Field(default=RULEBOOKS, min_length=1)


class Retention(BaseModel):
    """What is kept in the restricted store, and for how long.

    Attributes:
        after_release: Whether source tables, staging, aggregates and staged files are kept once every release that
            needs them has passed the gate, or removed.
        proofs: Of how many versions of a release, the newest ones, the proofs of protection are kept.
        failed_runs: Of how many runs in which dbt failed, the newest ones, its messages are kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    after_release: Literal["keep", "remove"] = "keep"
    proofs: Literal["all"] | int = "all"
    failed_runs: Literal["all"] | int = 10

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.proofs != "all" and self.proofs < 1:
            raise ValueError("proofs: write `all`, or 1 or more")  # the public version's is always kept
        if self.failed_runs != "all" and self.failed_runs < 0:
            raise ValueError("failed_runs: write `all`, or 0 or more")
        return self


class _Settings(_Paths):
    """Everything that ``ddg.yaml`` may say.

    Attributes:
        restricted_key: The variable of the environment with the key that encrypts the store, as in
            ``${DDG_RESTRICTED_KEY}``. Left out: not encrypted.
        restricted_key_file: A file of mode 0600 with that key, instead.
        restricted_crypto: Which implementation may encrypt: ``any``, or ``openssl`` only.
        retention: What is kept in the restricted store.
        store_wait: Seconds that a run waits for another one to leave the store.
        metadata: What portals show beside every release, unless its contract says otherwise.
        targets: Object stores that releases are published to, besides the portal folder; an address alone will do.
        signing: How certificates are signed. Left out: they are not.
        ckan: The CKAN portal that releases are published to. Left out: none.
        review: Who has to approve releases. Left out: the five roles of the guideline.
        component: The folder of the Dagster component that shows this project, by whose names the command line runs it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    restricted_key: str | None = Field(default=None, min_length=1)
    restricted_key_file: str | None = Field(default=None, min_length=1)
    restricted_crypto: Crypto = "any"
    retention: Retention = Retention()
    store_wait: float = Field(default=600.0, ge=0, allow_inf_nan=False)
    metadata: DepartmentMetadata = DepartmentMetadata()
    targets: list[TargetSettings] = []
    signing: _SigningSettings | None = None
    ckan: CkanPortal | None = None
    review: ReviewSettings = ReviewSettings()
    component: str | None = Field(default=None, min_length=1)

    @field_validator("signing", "ckan", "review", "component", mode="before")
    @classmethod
    def _not_empty(cls, given: Any) -> Any:
        if (
            given is None
        ):  # a key that was commented out must not turn signatures or the portal off, nor settle who approves
            raise ValueError("nothing")
        return given


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
        encryption: Where the restricted store's key is; None where the store is plain.
        retention: What is kept in the restricted store.
        store_wait: Seconds that a run or step waits for another one to leave the restricted store.
        metadata: What portals show beside every release, unless its contract says otherwise.
        targets: Object stores that releases are published to, besides the portal folder.
        ckan: The CKAN portal that releases are published to; None where there is none.
        review: Who has to approve releases, and where approvals are kept.
        component: The folder of the Dagster component that shows this project; None where there is none.
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
    encryption: Encryption | None = None
    retention: Retention = field(default_factory=Retention)
    store_wait: float = 600.0
    metadata: PortalMetadata = field(default_factory=PortalMetadata)
    targets: tuple[Target, ...] = ()
    ckan: CkanPortal | None = None
    review: Review = field(default_factory=lambda: Review(Path(LOG).absolute()))
    component: Path | None = None

    @property
    def rulebook_source(self) -> RulebookFiles:
        """Where contracts' rulebooks are found: shipped ones, the project's own, and paths from the project's root."""
        return RulebookFiles(self.root, self.rulebooks)

    @property
    def restricted_store(self) -> RestrictedStore:
        """The DuckDB file with sources and aggregates."""
        return RestrictedStore(self.restricted / "restricted.duckdb", encryption=self.encryption)

    @property
    def sealed_files(self) -> SealedFiles:
        """Restricted files beside the database, sealed where there is a key."""
        return SealedFiles(self.encryption)

    @property
    def public_store(self) -> PublicStore:
        """The certified releases."""
        return PublicStore(self.public)

    @property
    def ledger(self) -> Ledger:
        """What is public of every release, or was."""
        return Ledger(self.public)

    @property
    def dbt_target(self) -> Path:
        """Where dbt writes what it compiles and how it went: restricted, because it names records' columns."""
        return self.restricted / "dbt" / "target"

    @property
    def manifest(self) -> Path:
        """The manifest of the dbt project, as last parsed."""
        return self.dbt_target / "manifest.json"

    @property
    def dbt_runs(self) -> Path:
        """Where dbt works, one directory a run; those of failed runs stay."""
        return self.restricted / "dbt" / "runs"

    @property
    def dossiers(self) -> Path:
        """What reviewers read of each version that passed the gate: beside the public store, for its owner alone."""
        return self.public.parent / "review"

    def staged(self, release: str) -> Path:
        """Where a release stands between masking and the gate."""
        return self.restricted / "staged" / release

    def proofs(self, release: str) -> Path:
        """Where the proofs of a release's versions are kept."""
        return self.restricted / "proofs" / release

    def suite_file(self, contract: ReleaseContract) -> Path:
        """The reviewed suite of a release; all reporting periods of one have the same."""
        return self.expectations / f"{contract.series}.json"

    def data_docs(self, release: str) -> Path:
        """The page that tells reviewers what the gate found in a release."""
        return self.restricted / "data_docs" / f"{release}.html"

    def prepare_environment(self) -> None:
        """Set, for this process and those it starts, what dbt, Dagster and Great Expectations read.

        For processes that work for this project alone. In a code location that has other things in it, use
        :meth:`dbt_environment` around what starts dbt.
        """
        os.environ.setdefault("DAGSTER_HOME", str(self.dagster_home))
        turn_telemetry_off()
        _set_environment(self._dbt_variables())

    @contextmanager
    def dbt_environment(self, more: Mapping[str, str] | None = None) -> Iterator[None]:
        """Have what dbt reads in the environment for the length of a block, and as it was before afterwards.

        So two projects in one process, or other people's dbt projects, do not read each other's settings.

        Args:
            more: Variables that a database's driver reads.
        """
        turn_telemetry_off()
        variables = {**self._dbt_variables(), **(more or {})}
        before = {name: os.environ.get(name) for name in variables}
        _set_environment(variables)
        try:
            yield
        finally:
            _set_environment(before)

    def _dbt_variables(self) -> dict[str, str | None]:
        """What dbt is told by the environment; None for what may not be there."""
        key: dict[str, str | None] = dict.fromkeys((KEY_FROM_VARIABLE, CRYPTO_VARIABLE))
        if self.encryption is not None:
            key |= self.encryption.environment()
        # a run of some releases must not fail by a test that asks for a model which only others need, and was not built
        selection = os.environ.get(_INDIRECT_SELECTION, "buildable")
        return {
            RESTRICTED_VARIABLE: str(self.restricted_store.path),
            PACKAGE_VARIABLE: os.environ.get(PACKAGE_VARIABLE, str(PACKAGE)),
            **key,
            _INDIRECT_SELECTION: selection,
            "DBT_LOG_PATH": str(self.restricted / "dbt" / "logs"),
        }


def turn_telemetry_off() -> None:
    """Keep Dagster, dbt and Great Expectations from reporting to anybody, in this process and those it starts."""
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["GX_ANALYTICS_ENABLED"] = "false"


def _set_environment(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def load_project(directory: Path | None = None) -> Project:
    """Read a project's ``ddg.yaml``.

    Args:
        directory: Where it is; by default what ``DDG_PROJECT`` names, else the working directory.

    Raises:
        InputErrors: The file is missing or wrong.
    """
    root = (directory or Path(os.environ.get(PROJECT_VARIABLE, "."))).resolve()
    file = root / PROJECT_FILE
    try:
        if not file.is_file():
            hint = f"run this in a project's directory, or name one by --project or {PROJECT_VARIABLE}"
            raise InputErrors([InputError(str(file), "file", "nothing", hint)])
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        found = error.strerror or "not readable"
        raise InputErrors([InputError(str(file), "file", found, "a file that can be read")]) from None
    except UnicodeDecodeError:
        raise InputErrors([InputError(str(file), "file", "bytes that are not UTF-8", "save it as UTF-8")]) from None
    raw: Any = load_yaml(text, str(file), may_hold_secrets=True)  # someone may write the key itself there
    problems: list[InputError] = []
    try:
        settings = _Settings.model_validate(raw)
    except ValidationError as error:
        problems = [_wrong(str(file), detail["loc"], detail["msg"]) for detail in error.errors()]
    if problems:  # outside: the exception names keys, and would be shown as this one's context
        raise InputErrors(problems)
    paths = {key: getattr(settings, key) for key in _Paths.model_fields}
    places = {key: _path(root, os.path.expandvars(value), key, str(file)) for key, value in paths.items()}
    project = Project(
        root=root,
        **places,
        signing=_signing(settings.signing, root, str(file)),
        encryption=_encryption(settings, root, str(file)),
        retention=settings.retention,
        store_wait=settings.store_wait,
        metadata=settings.metadata,
        targets=targets_of(settings.targets, str(file)),
        ckan=settings.ckan,
        review=_review(settings.review, root, str(file)),
        component=_component(settings.component, root, str(file)),
    )
    _check_apart(project, str(file))
    return project


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
    paths = {}
    for key in ("key", "allowed_signers"):
        if key in given:
            _path(root, given[key], f"signing.{key}", file, home=True)
            paths[key] = root / Path(given[key]).expanduser()  # links stay: a key's other half lies beside the link
    return Signing(file, paths.get("key"), paths.get("allowed_signers"), given.get("identity"))


def _review(settings: ReviewSettings, root: Path, file: str) -> Review:
    try:
        return review_of(settings, root, file)
    except InputError as error:
        raise InputErrors([error]) from None


def _component(text: str | None, root: Path, file: str) -> Path | None:
    if text is None:
        return None
    place = _path(root, os.path.expandvars(text), "component", file)
    if not any((place / name).is_file() for name in _COMPONENT_FILES):
        expected = (
            f"the folder of a Dagster component, with {' or '.join(_COMPONENT_FILES)} (docs/how-to/dagster-project.md)"
        )
        raise InputErrors([InputError(file, "component", str(place), expected)])
    return place


def _path(root: Path, text: str, field: str, file: str, *, home: bool = False) -> Path:
    """Give the path that a text means, from the project's directory; with ``home``, ``~`` may stand in it.

    Raises:
        InputErrors: It means none; the text may be a key, so it is not quoted.
    """
    if text.isprintable():
        try:
            return (root / (Path(text).expanduser() if home else Path(text))).resolve()
        except (OSError, RuntimeError, ValueError):
            pass  # too long, a loop of links, nobody's home
    raise InputErrors([InputError(file, field, "text that is no path here", "a path of one line")])


_UNKNOWN_KEY = "extra inputs are not permitted"  # as pydantic says it


def _wrong(file: str, where: Sequence[int | str], message: str) -> InputError:
    """Say what pydantic found in words of the file, without what stands there."""
    named = [str(part) if isinstance(part, int) or looks_like_a_key(part) else "(a key)" for part in where]
    field = ".".join(named) or "the whole"
    found = message.removeprefix("Value error, ").lower()
    if found == _UNKNOWN_KEY:
        found = "an unknown key"
    if where and where[0] == "signing":
        expected = "a mapping with key, allowed_signers or both; the keys are " + ", ".join(
            _SigningSettings.model_fields
        )
    elif where and where[0] == "retention":
        expected = "the keys are after_release (keep or remove), proofs and failed_runs (all, or a number)"
    elif where and where[0] == "review":
        keys = ", ".join(ReviewSettings.model_fields)
        expected = f"a mapping with any of {keys}; `roles: []` where nobody has to approve"
    elif where and where[0] == "restricted_crypto":
        expected = "write any or openssl"
    elif where and where[0] == "ckan":
        expected = (
            f"a mapping with url, organization and token, as in ${{DDG_CKAN_TOKEN}}; the keys are "
            f"{', '.join(CkanPortal.model_fields)}"
        )
    elif where and where[0] == "store_wait":
        expected = "write seconds"
    elif where and where[0] == "metadata":
        expected = f"as in `publication.metadata` of a contract; {DEPARTMENT_KEYS}"
    elif where and where[0] == "targets":
        expected = "a list of addresses, or of {url: …, keep: …} with `all` or a number of versions"
    else:
        others = ", ".join(key for key in _Settings.model_fields if key not in _Paths.model_fields)
        hint = did_you_mean(named[0], list(_Settings.model_fields)) if named and found == "an unknown key" else ""
        expected = f"{hint}the keys are {', '.join(_Paths.model_fields)}, each a path; and {others}"
    return InputError(file, field, found, expected)


def _encryption(settings: _Settings, root: Path, file: str) -> Encryption | None:
    """Where the key is; it is read when the store is opened, and never kept.

    Raises:
        InputErrors: Two places are named, or the key itself stands there.
    """
    variable, path = settings.restricted_key, settings.restricted_key_file
    if variable is not None and path is not None:
        raise InputErrors(
            [InputError(file, "restricted_key_file", "a second place for the key", "keep one of the two")]
        )
    if variable is not None:
        try:
            return Encryption.from_variable(file, variable, settings.restricted_crypto)
        except InputError as error:
            raise InputErrors([error]) from None
    if path is not None:
        key_file = _path(root, os.path.expandvars(path), "restricted_key_file", file)
        return Encryption(file, "file", str(key_file), settings.restricted_crypto)
    if settings.restricted_crypto != "any":
        expected = "write `restricted_key` or `restricted_key_file` too"
        raise InputErrors([InputError(file, "restricted_crypto", "no key to encrypt with", expected)])
    return None


def _check_apart(project: Project, file: str) -> None:
    """What is public may not lie inside what is restricted, nor the other way round."""
    places = {key: getattr(project, key) for key in ("public", "portal", "dagster_home")}
    places |= {f"targets[{number}]": one.local for number, one in enumerate(project.targets) if one.local is not None}
    for key, other in places.items():
        if other.is_relative_to(project.restricted) or project.restricted.is_relative_to(other):
            raise InputErrors(
                [InputError(file, key, str(other), f"a directory apart from `restricted` ({project.restricted})")]
            )
        for signing in (project.signing, project.review.signing):
            secret = signing.key if signing is not None else None
            if signing is not None and secret is not None and secret.resolve().is_relative_to(other):
                raise InputErrors([signing.error("key", str(secret), f"a key outside of `{key}` ({other})")])
    for key in ("public", "portal"):
        if project.dossiers.is_relative_to(places[key]):
            expected = f"a directory apart from `{project.dossiers}`, for reviewers"
            raise InputErrors([InputError(file, key, str(places[key]), expected)])
    for key, other in places.items():
        if project.review.log.resolve().is_relative_to(other):
            found = str(project.review.log)
            raise InputErrors([InputError(file, "review.log", found, f"a file outside of `{key}` ({other})")])
