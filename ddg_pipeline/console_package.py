"""What ``ddg verify DIR`` prints for people about a released package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from ddg_pipeline.console_layout import add_columns, add_row, as_text, bullets, console, heading, new_table, print_parts

if TYPE_CHECKING:
    from ddg_pipeline.quality import Certificate, PackageCheck

_GIVEN_BY = {"contract": "--contract", "rulebook": "--rulebook", "suite": "--suite"}


def print_package(found: PackageCheck, *, same_code: bool | None) -> None:
    """Print whether a package is what passed the gate, what its certificate says, and what is wrong if it is not."""
    certificate = found.certificate
    parts: list[RenderableType] = []
    if found.holds:
        parts.append(
            as_text(f"valid: these are the files that were certified, and no others; {_by_whom(found)}", "green")
        )
    else:
        number = len(found.problems)
        parts.append(as_text(f"void: {number:,} problem{'s' if number > 1 else ''}", "bold red"))
        parts.append(bullets([as_text(problem) for problem in found.problems]))
    if certificate is not None:
        parts += [heading("What the certificate says"), _certified(certificate, same_code), heading("Files")]
        files = new_table()
        add_columns(files, "File", "SHA-256")
        for name, sha256 in sorted(certificate.files.items()):
            add_row(files, name, Text(sha256))
        parts += [files, heading("What it was compared with"), _compared(found)]
    print_parts(console(), parts)


def _certified(certificate: Certificate, same_code: bool | None) -> RenderableType:
    gate = certificate.gate
    table = new_table()
    table.show_header = False
    add_columns(table, "", "", whole=("",))
    masked = f"masked, level {certificate.level}" if certificate.decision == "mask" else "released as it is"
    code = "the same files as here" if same_code else "other files than here"
    add_row(table, "Release", f"{certificate.release}: {masked}")
    add_row(table, "Issued", f"{certificate.issued_at:%Y-%m-%d %H:%M:%S} UTC")
    add_row(table, "Code", f"ddg_pipeline {certificate.code_version}, {code}")
    add_row(table, "Passed", ", ".join(certificate.checks))
    add_row(table, "Suite", f"{gate.expectations:,} expectations on {gate.rows:,} rows of {gate.file}")
    return table


def _compared(found: PackageCheck) -> RenderableType:
    table = new_table()
    table.show_header = False
    add_columns(table, "", "")
    add_row(table, "Signature", _signature(found))
    for name, option in _GIVEN_BY.items():
        same = found.compared.get(name)
        said = f"not compared ({option})" if same is None else "the same" if same else Text("another", "red")
        add_row(table, name.capitalize(), said)
    return table


def _by_whom(found: PackageCheck) -> str:
    if found.signature is None:
        return "by whom it does not show: it is not signed, as certificates are where ddg.yaml has no `signing`"
    return "signed by a key that is allowed" if found.signature.believed else "by whom was not asked"


def _signature(found: PackageCheck) -> str | Text:
    signature, certificate = found.signature, found.certificate
    if signature is None:
        signed = certificate is not None and certificate.signing_key is not None
        wrong = any(problem.startswith("certificate.json.sig:") for problem in found.problems)
        return Text("does not hold", "red") if signed or wrong else "none; the certificate is not signed"
    if not signature.believed:
        return f"by {signature.key}, compared with no list of keys (--allowed-signers)"
    return f"by {signature.key}, allowed" + (f" as {signature.identity}" if signature.identity is not None else "")
