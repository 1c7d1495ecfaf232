"""What the verbs.toml of all folders say, once more in verbs.tsv, which reads in a fiftieth of the time.

    folder <tab> CRC-32 of its verbs.toml <tab> table
    function <tab> verb <tab> name
    …
                                                        an empty line behind each table

`make docs` writes it. Where a verbs.toml has changed since, or is new, that file itself is read.
"""

from __future__ import annotations

import zlib
from importlib.resources import files
from typing import TYPE_CHECKING

from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from interlock.decode.tools import VerbRows

__all__ = ["HOUSE", "VerbText", "read_toml", "verb_text"]

HOUSE = "interlock.decode.protocols"
"""Package of the folders that verbs.tsv speaks of."""


class VerbText:
    """verbs.tsv, whose rows are read table by table.

    tables: name → package, for every table that it has.
    """

    def __init__(self, root: Traversable | None = None) -> None:
        """root: folder of verbs.tsv and of protocols/, None for the house's. Without the file there are no tables."""
        self._root = root or files("interlock.decode")
        file = self._root / "verbs.tsv"
        self.tables: dict[str, str] = {}
        self._of: dict[str, tuple[str, dict[str, str]]] = {}
        self._fresh: dict[str, bool] = {}
        for block in file.read_text("utf-8").split("\n\n") if file.is_file() else ():
            head, _, rows = block.partition("\n")
            folder, digest, table = head.split("\t")
            package = f"{HOUSE}.{folder}"
            self.tables[table] = package
            self._of.setdefault(package, (digest, {}))[1][table] = rows

    def has(self, package: str) -> bool:
        """Whether a package's verbs.toml stands here as it is now."""
        if package not in self._fresh:
            file = self._root / "protocols" / package.removeprefix(f"{HOUSE}.") / "verbs.toml"
            known = self._of.get(package)
            self._fresh[package] = known is not None and known[0] == _digest(file)
        return self._fresh[package]

    def all_of(self, package: str) -> dict[str, VerbRows]:
        """Every table of a package that it `has`."""
        return {table: _rows(text) for table, text in self._of[package][1].items()}

    def rows(self, package: str, table: str) -> VerbRows | None:
        """One table of a package that it `has`; None where that has no such table."""
        text = self._of[package][1].get(table)
        return None if text is None else _rows(text)


def _rows(text: str) -> VerbRows:
    found = {}
    for line in text.splitlines():
        function, verb, name = line.split("\t")
        found[int(function)] = (name, verb)
    return found


def read_toml(package: str) -> dict[str, VerbRows]:
    """The tables of a package's verbs.toml; none without the file. Raises ValueError for an unknown verb."""
    import tomllib  # noqa: PLC0415 (where verbs.tsv is as it should be, nobody needs it)

    file = files(package) / "verbs.toml"
    if not file.is_file():
        return {}
    return {
        table: {int(f, 0): (row["name"], _verb(row["verb"], table, f)) for f, row in rows.items()}
        for table, rows in tomllib.loads(file.read_text("utf-8")).items()
    }


def _verb(verb: str, table: str, function: str) -> str:
    if verb not in VERBS:
        raise ValueError(f"verbs.toml: [{table}] {function}: no such verb: {verb}")
    return verb


def verb_text(folders: Iterable[str]) -> str:
    """verbs.tsv as it must be for these folders. Raises ValueError for a name that is no one line of text."""
    blocks = []
    for folder in folders:
        package = f"{HOUSE}.{folder}"
        digest = _digest(files(package) / "verbs.toml")
        blocks += [_block(folder, digest, table, rows) for table, rows in read_toml(package).items()]
    return "\n".join(blocks)


def _block(folder: str, digest: str, table: str, rows: Mapping[int, tuple[str, str]]) -> str:
    lines = [f"{folder}\t{digest}\t{table}"]
    for function, (name, verb) in rows.items():
        if not name.isprintable():
            raise ValueError(f"verbs.toml: [{table}] {function}: no name: {name!r}")
        lines.append(f"{function}\t{verb}\t{name}")
    return "".join(f"{line}\n" for line in lines)


def _digest(file: Traversable) -> str:
    return f"{zlib.crc32(file.read_bytes()):08x}" if file.is_file() else ""
