"""Rulebooks in files: beside a contract, or in a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import (
    SHIPPED,
    Rulebook,
    RulebookDocument,
    UnknownRulebookError,
    load_rulebook,
    shipped_rulebooks,
)

RULEBOOKS = "rulebooks"  # the directory of rulebooks, beside a contract or in a project
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class RulebookFiles:
    """Finds a rulebook by its shipped name, by its name in a directory of rulebooks, or by its path.

    Attributes:
        directory: Where relative paths begin.
        rulebooks: The directory in which ``NAME.yaml`` is looked for.
    """

    directory: Path
    rulebooks: Path

    @classmethod
    def beside(cls, contract: Path) -> RulebookFiles:
        """Look beside a contract: ``rulebook: mine.yaml``, or a name in ``rulebooks/`` there."""
        return cls(contract.parent, contract.parent / RULEBOOKS)

    def find(self, name: str) -> RulebookDocument:
        """Find a rulebook.

        Raises:
            UnknownRulebookError: There is none, or two of the same name.
            InputErrors: Its text cannot be read.
        """
        if name.endswith(_SUFFIXES):
            return self._document(self.directory / name, name, None)
        own = self.rulebooks / f"{name}{_SUFFIXES[0]}"
        present = name in self.names()
        if name not in shipped_rulebooks():
            if present:
                return self._document(own, name, name)
            raise UnknownRulebookError(repr(name), self._known())
        if present:
            found = f"{name!r}, which is shipped, and is a file in {_shown(self.rulebooks)} as well"
            raise UnknownRulebookError(found, "give the file, and the rulebook, another name")
        return SHIPPED.find(name)

    def _document(self, path: Path, name: str, expected_name: str | None) -> RulebookDocument:
        resolved = path.resolve()
        try:
            text = resolved.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise InputErrors(
                [InputError(_shown(resolved), "file", "bytes that are not UTF-8", "save it as UTF-8")]
            ) from None
        except OSError as error:
            expected = f"a file at {_shown(resolved)} ({error.strerror}), or {self._known()}"
            raise UnknownRulebookError(repr(name), expected) from None
        # what it extends is looked for beside it; names mean the same wherever they stand
        nearby = RulebookFiles(resolved.parent, self.rulebooks)
        return RulebookDocument(_shown(resolved), text, nearby, expected_name)

    def names(self) -> list[str]:
        """Name the rulebooks in the directory of rulebooks."""
        return sorted(path.stem for path in self.rulebooks.glob(f"*{_SUFFIXES[0]}") if path.is_file())

    def _known(self) -> str:
        own = self.names()
        names = ", ".join((*shipped_rulebooks(), *own))
        return f"one of {names}" + ("" if own else f", or NAME for {_shown(self.rulebooks)}/NAME{_SUFFIXES[0]}")


def rulebook_of_files(contracts: Sequence[tuple[Path, ReleaseContract]]) -> Rulebook:
    """Load the one rulebook that the contracts of a group of linked releases name.

    Args:
        contracts: Each contract with its file.

    Raises:
        InputErrors: They name several, or one that cannot be found or is not valid.
    """
    found = [load_rulebook(contract.rulebook, RulebookFiles.beside(path), str(path)) for path, contract in contracts]
    if any(rulebook != found[0] for rulebook in found):
        files = ", ".join(str(path) for path, _ in contracts)
        names = ", ".join(dict.fromkeys(contract.rulebook for _, contract in contracts))
        raise InputErrors([InputError(files, "rulebook", names, "the same rulebook for releases that are linked")])
    return found[0]


def _shown(path: Path) -> str:
    """Write a path from here, where it is below."""
    here = Path.cwd()
    resolved = path.resolve()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)
