"""`interlock signature import`, `list`, `enforce`, `rollback`, `sign`: versions of rules, and which is in force."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.as_json import json_option
from interlock.cli.signature_check import rules_progress
from interlock.cli.signing import PRIVATE_KEY, signer_of
from interlock.records.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.bootstrap.signature_packs import PackStore
    from interlock.detect.signatures.packs.versions import Book, Version

__all__ = ["enforce", "import_pack", "list_packs", "packs_of", "packs_option", "rollback", "sign"]


def packs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--packs."""
    says = "Where versions are kept; else in the installation's state folder."
    return click.option("--packs", metavar="DIR", help=says)(command)


def packs_of(folder: str | None) -> PackStore:
    """The store of that folder."""
    from interlock.bootstrap.signature_packs import PackStore, packs_folder  # noqa: PLC0415 (--help stays quick)

    return PackStore(packs_folder() if folder is None else Path(folder))


@click.command("import")
@click.argument("path", metavar="PATH")
@packs_option
@click.option("--signed", is_flag=True, help="Refuse what not enough approvers have signed.")
@click.option("--enforce", "at_once", is_flag=True, help="Put it in force at once, untried.")
@json_option
def import_pack(path: str, packs: str | None, *, signed: bool, at_once: bool, as_json: bool) -> None:
    """Keep PATH, a folder, an archive (tar, zip, also packed) or a file of rules, as a version with a number.

    It is not in force by that: `interlock signature try NUMBER` shows what its new rules would have said, `interlock
    signature enforce NUMBER` puts it in force. Signatures of approvers lie beside PATH (`interlock signature sign`);
    one that does not hold refuses it.
    """
    store = packs_of(packs)
    now = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - an import is dated by the wall's clock
    with rules_progress() as progress:
        version, new = store.take(path, now, perf_counter, signed=signed, progress=progress)
    book = store.change(lambda book: book.enforced(version.number)) if at_once else store.book()
    if as_json:
        click.echo(json.dumps({"new": new, **_document(version, book)}, indent=1))
        return
    _say(
        f"{path}: version {version.number}, {'imported' if new else 'which is here already'}: {_rules(version)}"
    )
    if book.in_force == version.number:
        _say(_in_force(store, book))
    else:
        _say(
            f"it is not in force; `interlock signature try {version.number} --against CAPTURE` shows what its new "
            f"rules would have said, `interlock signature enforce {version.number}` puts it in force"
        )


@click.command("list")
@packs_option
@json_option
def list_packs(packs: str | None, *, as_json: bool) -> None:
    """Say which versions there are, what they hold, and which one is in force."""
    store = packs_of(packs)
    book = store.book()
    if as_json:
        versions = [_document(one, book) for one in book.versions]
        document = {"schema": "interlock/signature-list/1", "in_force": book.in_force, "before": book.before,
                    "trying": book.trying, "versions": versions}  # fmt: skip
        click.echo(json.dumps(document, indent=1))
        return
    for one in book.versions:
        state = (
            " (in force)"
            if one.number == book.in_force
            else " (on trial)"
            if one.number == book.trying
            else ""
        )
        signed = f", signed by {' and '.join(one.signed_by)}" if one.signed_by else ", not signed"
        _say(
            f"{one.number}{state}: {_rules(one)}; {one.source}, imported {one.imported}{signed}; {one.sha256[:16]}"
        )
    if book.in_force is None:
        _say(f"{store.folder}: {counted(len(book.versions), 'version')}, none in force")


@click.command()
@click.argument("number", type=int)
@packs_option
def enforce(number: int, packs: str | None) -> None:
    """Put the version NUMBER in force; a sensor takes it when it is told to read anew (SIGHUP)."""
    store = packs_of(packs)
    _say(_in_force(store, store.change(lambda book: book.enforced(number))))


@click.command()
@packs_option
def rollback(packs: str | None) -> None:
    """Put the version in force that was so before."""
    store = packs_of(packs)
    _say(_in_force(store, store.change(lambda book: book.rolled_back())))


@click.command()
@click.argument("path", metavar="PATH")
@PRIVATE_KEY
def sign(path: str, key_file: Path) -> None:
    """Sign PATH, a folder, an archive or a file of rules; PATH.KEY.sig is the signature."""
    from interlock.bootstrap.signature_packs import sign_pack  # noqa: PLC0415

    signer = signer_of(key_file)
    _say(f"{sign_pack(path, signer.sign, signer.name, signer.public)}: signed with the key {signer.name}")


def _document(version: Version, book: Book) -> dict[str, Any]:
    said = asdict(version)
    return {**said, "in_force": version.number == book.in_force, "trying": version.number == book.trying}


def _rules(version: Version) -> str:
    return (
        f"{counted(version.loaded, 'rule loads', 'rules load')}, {version.refused:,} refused, "
        f"{version.switched_off:,} switched off"
    )


def _in_force(store: PackStore, book: Book) -> str:
    return (
        f"{store.folder}: version {book.in_force} is in force; sensors that are given this folder (--signatures) take "
        "it when they are told to read anew (SIGHUP)"
    )


def _say(text: str) -> None:
    from interlock.export.escape import escaped  # noqa: PLC0415

    click.echo(escaped(text))
