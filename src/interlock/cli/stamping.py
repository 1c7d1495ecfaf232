"""The files of a new protocol, rendered from stamps/: a decoder that works from its first hour, with its tests."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from importlib.resources import files
from keyword import iskeyword
from string import Template
from typing import TYPE_CHECKING, Final

from interlock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Wish", "inside", "outside", "registered", "write"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
_REGISTRY: Final = '\n)\n"""Folders of decode/protocols'


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. name: of folder and protocol; transport: `tcp` or `udp`; table: a detail table, too."""

    name: str
    title: str
    transport: str
    port: int
    table: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigError for a name that can be no module."""
        if _NAME.fullmatch(self.name) is None or iskeyword(self.name):
            raise ConfigError(
                f"{self.name}: a protocol's name is lower-case letters, digits and _, as modules are named"
            )

    def words(self, module: str) -> dict[str, str]:
        """What the stamps' words stand for. module: package that holds decoder.py."""
        magic = zlib.crc32(self.name.encode()) & 0x7F7F | 0x8080  # no text begins with two such octets
        stream = self.transport == "tcp"
        return {
            "name": self.name,
            "title": self.title,
            "module": module,
            "class_name": "".join(part.capitalize() for part in self.name.split("_")),
            "transport": self.transport,
            "port": str(self.port),
            "magic": f"\\x{magic >> 8:02x}\\x{magic & 0xFF:02x}",
            "magic_text": f"{magic >> 8:02x} {magic & 0xFF:02x}",
            "specification": "the specification, its edition and clause",
            "framing_import": _IMPORTS[stream],
            "framer": _FRAMER if stream else "",
            "spec_lines": _spec_lines(framer=stream, table=self.table),
            "arrow": "\nimport pyarrow as pa\n" if self.table else "",
            "table_imports": _TABLE_IMPORTS if self.table else "",
            "table": _TABLE.replace("$name", self.name) if self.table else "",
            "detail": _DETAIL.replace("$name", self.name) if self.table else "",
        }


def inside(wish: Wish) -> dict[str, str]:
    """Files of a protocol of the house: path within the repository → text."""
    words = wish.words(f"interlock.decode.protocols.{wish.name}")
    folder = f"src/interlock/decode/protocols/{wish.name}"
    return {
        f"{folder}/__init__.py": f'"""{wish.title}."""\n',
        **_decoder(folder, words),
        f"tests/decode/seeds/{wish.name}.py": _rendered("seeds", words),
        f"tests/decode/protocols/test_{wish.name}.py": _rendered("test", words),
    }


def outside(wish: Wish) -> dict[str, str]:
    """Files of a package of its own, which pip installs: path within its folder → text."""
    module = f"{wish.name}_interlock"
    words = wish.words(module)
    return {
        "pyproject.toml": _rendered("project", words),
        "README.md": _rendered("readme", words),
        f"{module}/__init__.py": f'"""{wish.title} for Interlock."""\n',
        **_decoder(module, words),
        f"{module}/seeds.py": _rendered("seeds", words),
    }


def registered(registry: str, name: str) -> str:
    """The text of decode/registry.py with one folder more, the last to be asked."""
    if f'    "{name}",\n' in registry:
        raise ConfigError(f"{name}: decode/registry.py lists it already")
    if _REGISTRY not in registry:
        raise ConfigError(
            "decode/registry.py: the table of protocols is not where it was; add the name by hand"
        )
    return registry.replace(_REGISTRY, f'\n    "{name}",{_REGISTRY}', 1)


def write(root: Path, made: dict[str, str]) -> None:
    """Write all files, or none where one is there already. Raises ConfigError naming it."""
    for path in made:
        if (root / path).exists():
            raise ConfigError(f"{root / path}: is there already; nothing was written")
    for path, text in made.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def _decoder(folder: str, words: dict[str, str]) -> dict[str, str]:
    return {
        f"{folder}/decoder.py": _rendered("decoder", words),
        f"{folder}/verbs.toml": _rendered("verbs", words),
        f"{folder}/quality.toml": _rendered("quality", words),
    }


def _rendered(stamp: str, words: dict[str, str]) -> str:
    text = (files("interlock.cli") / "stamps" / f"{stamp}.template").read_text("utf-8")
    return Template(text).substitute(words)


def _spec_lines(*, framer: bool, table: bool) -> str:
    lines = ["framer=_framer"] * framer + ["details=(TABLE,)"] * table
    return "".join(f"\n    {line}," for line in lines)


_IMPORTS: Final = {
    True: (
        "from interlock.decode.framing import LengthFramer\n"
        "from interlock.decode.spec import NEED_MORE, ProtocolSpec\n"
    ),
    False: "from interlock.decode.spec import NEED_MORE, ProtocolSpec\n",
}
_FRAMER: Final = """

def _framer():
    magic = tuple((at, 0xFF, octet) for at, octet in enumerate(MAGIC))
    return LengthFramer(header=HEADER, at=2, width=1, minimum=HEADER, maximum=LONGEST, magic=magic)
"""
_TABLE_IMPORTS: Final = """from interlock.records.schema import Column, Table
from interlock.records.tables import DETAIL
"""
_TABLE: Final = """TABLE = Table(
    name="$name",
    version=1,
    meaning="One row per message.",
    columns=(*DETAIL, Column(name="octets", type=pa.uint32(), meaning="octets of data in the message")),
)
"""
_DETAIL: Final = """        self.facts.detail("$name", m, i, {"octets": len(data)})
"""
