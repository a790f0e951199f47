"""Questions that a draft asked of people (`ddg init`, `ddg contract suggest`), as far as they stand in a project still.

A draft marks them ASK in comments, and takes the stricter reading meanwhile. Who answers one takes its comment out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ddg_pipeline.orchestration.project import Project

_ASK: Final = re.compile(r"^\s*(?:#|--)\s*(?:- )?(?:\w+: )?ASK: ", re.MULTILINE)
_ENDINGS: Final = frozenset({".yml", ".yaml", ".sql"})
_PARTS: Final = ("models", "seeds", "snapshots", "tests", "macros")


def open_questions(project: Project) -> dict[str, int]:
    """Count the questions in a project's contracts, models and list of sources.

    Args:
        project: The project.

    Returns:
        How many there are, by file as seen from here; files without any are left out.
    """
    return questions_in({os.path.relpath(path): _text(path) for path in _files(project)})


def questions_in(texts: Mapping[str, str]) -> dict[str, int]:
    """Count the questions in some files; those without any are left out.

    Args:
        texts: What stands in each, by its path.
    """
    found = {path: len(_ASK.findall(text)) for path, text in texts.items()}
    return {path: number for path, number in found.items() if number}


def told_of_questions(questions: dict[str, int]) -> str:
    """Say how many questions are open, and where; empty where none is.

    Args:
        questions: What `open_questions` found.
    """
    if not questions:
        return ""
    number = sum(questions.values())
    listed = ", ".join(f"{count} in {path}" for path, count in questions.items())
    many = f"{number} questions of the draft are open" if number > 1 else "1 question of the draft is open"
    return f"{many}, marked ASK: {listed}. Until they are answered the stricter reading holds"


def _files(project: Project) -> Iterator[Path]:
    if project.sources.is_file():
        yield project.sources
    for part in _PARTS:
        yield from (path for path in sorted((project.dbt_project / part).rglob("*")) if path.suffix in _ENDINGS)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
