"""Which models and tests of dbt failed, where they are written and why: as much of it as cannot hold data.

What a database says can quote rows. Of its errors the kind is told, from a list, and of names in them those that stand
in the model's own file. dbt's own words are told of an error of compilation, if nothing that the model is made of asks
the database while it is compiled: what does can put values into them. A test that fails is named, without its count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_COMPILATION: Final = "Compilation Error"
_KINDS: Final = (
    _COMPILATION, "Parser Error", "Binder Error", "Catalog Error", "Conversion Error", "Invalid Input Error",
    "Constraint Error", "Out of Range Error", "Mismatch Type Error", "Type Error", "Not implemented Error",
    "IO Error", "Out of Memory Error", "Permission Error", "TransactionContext Error", "Sequence Error",
    "Syntax Error", "Dependency Error", "Database Error", "Runtime Error",
)  # fmt: skip
_ABOUT_SQL: Final = ("Parser Error", "Binder Error", "Catalog Error", "Syntax Error", "Database Error")
_NAME: Final = re.compile(r"\"(\w+)\"|\b(?:name|named|function) (\w+)")
_OF_NAMES: Final = re.compile(r"does not exist|syntax error|is ambiguous", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"\b(run_query|statement|load_result|execute_macro|get_column_values)\b"
    r"|\badapter\.(?!dispatch\(\s*['\"])"  # a macro that is called by a name from elsewhere may be any
    r"|\bcontext\b"
)
_FAILED: Final = ("error", "fail", "runtime error")
_LINES, _LONGEST = 6, 300


def what_failed(
    results: Path, manifest: Mapping[str, Any], directory: str, not_loaded: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Name what failed in a run of dbt.

    Args:
        results: The ``run_results.json`` of the run.
        manifest: The manifest that it ran by.
        directory: What the dbt project's directory is called; files are named from there.
        not_loaded: Columns that the list of sources leaves out, in lower case, each with the source that has it.

    Returns:
        How many failed, and a line or more for each; nothing where dbt did not come to run anything.
    """
    try:
        found: Sequence[Mapping[str, Any]] = json.loads(results.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return []
    broken = [one for one in found if one["status"] in _FAILED]
    lines = [f"{len(broken)} of {len(found)} models and tests failed"]
    for one in broken:
        lines += _of_one(one, manifest, directory, not_loaded)
    return lines


def _of_one(
    result: Mapping[str, Any], manifest: Mapping[str, Any], directory: str, not_loaded: Mapping[str, str]
) -> Iterator[str]:
    node: Mapping[str, Any] = manifest["nodes"].get(result["unique_id"], {})
    named = f"{node.get('resource_type', 'node')} {node.get('name') or result['unique_id']}"
    file = f" ({directory}/{node['original_file_path']})" if node.get("original_file_path") else ""
    if result["status"] == "fail":
        yield f"- {named}{file}: the test failed: the data are not as it says"
        return
    message = str(result.get("message") or "")
    kind = _kind(message)
    if kind == _COMPILATION and not _asks_the_database(node, manifest):
        yield f"- {named}{file}: {kind}"
        yield from _words(message)
        return
    yield f"- {named}{file}: {kind}{_about(message, node, not_loaded) if kind in _ABOUT_SQL else ''}"


def _kind(message: str) -> str:
    """Name the kind of an error: the one that the database gave, else dbt's own."""
    lines = [line.strip() for line in message.splitlines()]
    kinds = [kind for line in lines[:3] for kind in _KINDS if line.startswith((f"{kind}:", f"{kind} in "))]
    return kinds[-1] if kinds else "an error of an unknown kind"


def _about(message: str, node: Mapping[str, Any], not_loaded: Mapping[str, str]) -> str:
    """Name the first thing that an error quotes and that the model's own file has, with its line there."""
    if message.startswith("Database Error") and not _OF_NAMES.search(message):
        return ""  # of other databases not even the kind tells whether rows are spoken of
    written = str(node.get("raw_code") or "").splitlines()
    for match in _NAME.finditer(message.partition("\n")[2]):
        name = match[1] or match[2]
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        numbers = [number for number, line in enumerate(written, start=1) if word.search(line)]
        if numbers:
            about = f" about {name}, which stands in line {numbers[0]}"
            source = not_loaded.get(name.casefold())
            return about if source is None else f"{about}; `ignore_columns` of {source} keeps it from being loaded"
    return ""


def _asks_the_database(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Say whether a node, or a macro that it uses, reads from the database while it is compiled."""
    todo, seen = list(node.get("depends_on", {}).get("macros", [])), set[str]()
    texts = [str(node.get("raw_code") or "")] if node else ["run_query"]  # of what is not known nothing is told
    while todo:
        key = todo.pop()
        if key in seen:
            continue
        seen.add(key)
        macro = manifest.get("macros", {}).get(key)
        if macro is None:
            return True
        texts.append(macro["macro_sql"])
        todo += macro["depends_on"]["macros"]
    return any(_ASKS.search(text) for text in texts)


def _words(message: str) -> Iterator[str]:
    """Give dbt's own words, without the line that names the model."""
    lines = [line.strip() for line in message.splitlines()[1:] if line.strip()]
    yield from (f"  {line if len(line) <= _LONGEST else f'{line[:_LONGEST]}…'}" for line in lines[:_LINES])
