"""Names and texts as parts of a DuckDB statement."""

from __future__ import annotations


def identifier(*parts: str) -> str:
    """Quotes a name, or the parts of a qualified one."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """Quotes a text."""
    return "'" + text.replace("'", "''") + "'"
