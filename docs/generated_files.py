"""Write what is generated, or say what of it is not current."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def write_or_check(files: Mapping[Path, str], arguments: list[str]) -> int:
    """Write the files that differ, or with ``--check`` name them.

    Args:
        files: What each file has to hold.
        arguments: Of the command line.

    Returns:
        The exit code: 1 if something is not current, 2 for other arguments.
    """
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write(f"unknown: {' '.join(arguments)}; the only option is --check\n")
        return 2
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        shown = f"docs/{path.resolve().relative_to(DOCS)}"
        if check:
            sys.stderr.write(f"{shown} is not current: run `make docs-reference`\n")
        else:
            path.write_text(files[path], encoding="utf-8")
            sys.stdout.write(f"written: {shown}\n")
    return int(check and bool(stale))
