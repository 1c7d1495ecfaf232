"""Types of ASN.1 modules, made into readers of BER: what MMS, ACSE and presentation PDUs are made of.

The notation is ASN.1 with IMPLICIT TAGS, without value ranges and names of numbers; `ANY` is any one element.
A reader gives for

    SEQUENCE, SET     dict: name → value        INTEGER, UNSIGNED, BOOLEAN, NULL      int, int, bool, None
    SEQUENCE OF       list                      VisibleString and other texts         str
    CHOICE            (name, value)             BIT STRING, OBJECT IDENTIFIER         text of 0 and 1; `1.0.9506`
    ANY               (tag, octets)             OCTET STRING                          bytes

Sources: ITU-T X.680 (notation); X.690 clause 8 (encoding).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.mms.ber import (
    MAX_DEPTH,
    application,
    bits_of,
    context,
    element,
    integer_of,
    oid_of,
)
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Choice", "Items", "Module", "Plain", "Record", "Tagged", "Type"]

_TOKEN: Final = re.compile(r"--[^\n]*|::=|[\[\]{},]|[A-Za-z0-9-]+")


class Type(ABC):
    """A type; `tags` are those that its elements may begin with, None for any."""

    name = ""
    tags: frozenset[int] | None = frozenset()

    def first_tags(self) -> frozenset[int] | None:
        """Tags by which an element of this type is told, once the module is whole."""
        return self.tags

    @abstractmethod
    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """The value of an element whose tag has been read. Raises DecodeError."""

    def whole(self, octets: bytes, at: int = 0, end: int | None = None) -> Any:
        """The value of the one element at octets[at:end]. Raises DecodeError, `element-unexpected` for others."""
        tag, start, stop, _ = element(octets, at, len(octets) if end is None else end)
        tags = self.first_tags()
        if tags is not None and tag not in tags:
            raise DecodeError("element-unexpected", at)
        return self.read(octets, tag, start, stop, 0)


class Plain(Type):
    """A type without parts."""

    def __init__(self, name: str, number: int, of: Callable[[bytes], Any]) -> None:
        self.name = name
        self.tags = frozenset({number})
        self.of = of

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read."""
        try:
            return self.of(octets[start:stop])
        except DecodeError as error:
            raise DecodeError(error.oddity, start) from error


class Anything(Type):
    """One element of any type: its tag and its content."""

    name = "ANY"
    tags = None

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read."""
        return tag, octets[start:stop]


class Reference(Type):
    """A type of the module, by its name."""

    def __init__(self, name: str, module: Module) -> None:
        self.name = name
        self.module = module

    @cached_property
    def target(self) -> Type:
        """The type itself."""
        return self.module[self.name]

    def first_tags(self) -> frozenset[int] | None:
        """See Type.first_tags."""
        return self.target.first_tags()

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read."""
        return self.target.read(octets, tag, start, stop, depth)


class Tagged(Type):
    """A type under a tag of its own: EXPLICIT ones, and choices, stand inside an element of it."""

    def __init__(self, tag: int, inner: Type, *, explicit: bool) -> None:
        self.tags = frozenset({tag})
        self.inner = inner
        self.explicit = explicit

    @property
    def nested(self) -> bool:
        """Whether the inner type's own element stands inside."""
        inner = self.inner
        while isinstance(inner, Reference):
            inner = inner.target
        return self.explicit or isinstance(inner, Choice)

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read."""
        self.read = self._read_nested if self.nested else self.inner.read  # type: ignore[method-assign]
        return self.read(octets, tag, start, stop, depth)

    def _read_nested(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            raise DecodeError("nested-too-deep", start)
        tag, inner, end, _ = element(octets, start, stop)
        tags = self.inner.first_tags()
        if tags is not None and tag not in tags:
            raise DecodeError("element-unexpected", start)
        return self.inner.read(octets, tag, inner, end, depth + 1)


class Record(Type):
    """SEQUENCE: its elements in the order of its fields; SET: in any."""

    def __init__(self, number: int, fields: list[tuple[str, Type, bool]], *, ordered: bool) -> None:
        """fields: name, type, and whether it may be absent."""
        self.tags = frozenset({number})
        self.fields = fields
        self.ordered = ordered
        self.places: list[dict[int | None, tuple[int, str, Type]]] = []

    def _follow(self) -> None:
        """After each field, which tags may come: tag → (place behind it, name, type); None for any tag."""
        for place in range(len(self.fields) + 1):
            following: dict[int | None, tuple[int, str, Type]] = {}
            for at in range(place if self.ordered else 0, len(self.fields)):
                name, kind, _ = self.fields[at]
                for tag in kind.first_tags() or (None,):
                    following.setdefault(tag, (at + 1, name, kind))
            self.places.append(following)

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read. An element that no field is left for is `element-unexpected`.

        Encoders that take an IMPLICIT tag for an EXPLICIT one put the whole SEQUENCE inside: it is read there.
        """
        if depth >= MAX_DEPTH:
            raise DecodeError("nested-too-deep", start)
        if not self.places:
            self._follow()
        place = 0
        found: dict[str, Any] = {}
        while start < stop:
            head = start
            tag, inner, end, start = element(octets, start, stop)
            places = self.places[place]
            known = places.get(tag) or places.get(None)
            if known is None:
                if tag == _SEQUENCE and not found and start == stop:
                    return self.read(octets, tag, inner, end, depth + 1)
                raise DecodeError("element-unexpected", head)
            place, name, kind = known
            found[name] = kind.read(octets, tag, inner, end, depth + 1)
        return found


class Items(Type):
    """SEQUENCE OF."""

    def __init__(self, item: Type) -> None:
        self.tags = frozenset({0x10})
        self.item = item

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read."""
        if depth >= MAX_DEPTH:
            raise DecodeError("nested-too-deep", start)
        item, found = self.item, []
        tags = item.first_tags()
        while start < stop:
            head = start
            tag, inner, end, start = element(octets, start, stop)
            if tags is not None and tag not in tags:
                raise DecodeError("element-unexpected", head)
            found.append(item.read(octets, tag, inner, end, depth + 1))
        return found


class Choice(Type):
    """CHOICE: the alternative that the tag tells."""

    def __init__(self, alternatives: list[tuple[str, Type]]) -> None:
        self.alternatives = alternatives
        self.by_tag: dict[int, tuple[str, Type]] = {}

    def first_tags(self) -> frozenset[int] | None:
        """See Type.first_tags."""
        if not self.by_tag:
            for name, kind in self.alternatives:
                for tag in kind.first_tags() or ():
                    self.by_tag.setdefault(tag, (name, kind))
            self.tags = frozenset(self.by_tag)
        return self.tags

    def read(self, octets: bytes, tag: int, start: int, stop: int, depth: int) -> Any:
        """See Type.read."""
        if not self.by_tag:
            self.first_tags()
        known = self.by_tag.get(tag)
        if known is None:
            raise DecodeError("element-unexpected", start)
        name, kind = known
        return name, kind.read(octets, tag, start, stop, depth)


def _boolean(content: bytes) -> bool:
    if len(content) != 1:
        raise DecodeError("boolean-invalid", 0)
    return content[0] != 0


def _unsigned(content: bytes) -> int:
    if not 1 <= len(content) <= 9:
        raise DecodeError("integer-invalid", 0)
    return int.from_bytes(content, "big")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _null(content: bytes) -> None:
    if content:
        raise DecodeError("null-invalid", 0)


_PLAIN: Final[dict[str, tuple[int, Callable[[bytes], Any]]]] = {
    "BOOLEAN": (1, _boolean), "INTEGER": (2, integer_of), "UNSIGNED": (2, _unsigned), "BIT STRING": (3, bits_of),
    "OCTET STRING": (4, bytes), "NULL": (5, _null), "OBJECT IDENTIFIER": (6, oid_of), "ObjectDescriptor": (7, _text),
    "UTF8String": (12, _text), "GraphicString": (25, _text), "VisibleString": (26, _text),
}  # fmt: skip
"""Name → number of its universal tag, and what reads its content; UNSIGNED is an INTEGER that cannot be negative."""
_DEFINITION: Final = re.compile(r"^(?=\w)", re.MULTILINE)
_SEQUENCE, _SET, _EXTERNAL = 0x10, 0x11, 0x08
_WORDS: Final = frozenset(
    {"[", "SEQUENCE", "SET", "EXTERNAL", "CHOICE", "BIT", "OCTET", "OBJECT", "ANY", "EXPLICIT"}
)
"""What begins a type and is more than a type's name."""


class Module:
    """A module's types by name, each read when it is first asked for: most peers use few of them."""

    def __init__(self, text: str) -> None:
        """text: definitions, each beginning at the start of a line that nothing else of it begins at."""
        self._texts = {
            piece.split(None, 1)[0]: piece for piece in _DEFINITION.split(text) if piece[:1].isalnum()
        }
        self._types: dict[str, Type] = {}
        self._named: set[str] = set()
        self._tokens: list[str] = []
        self._at = 0

    def __getitem__(self, name: str) -> Type:
        """A type. Raises ValueError where there is none of this name, or its text is not of the notation."""
        if name not in self._types:
            if name not in self._texts:
                raise ValueError(f"no such type: {name}")
            self._types[name] = self._defined(self._texts[name])
        return self._types[name]

    def check(self) -> None:
        """Read every type, and those that they name. Raises ValueError."""
        for name in self._texts:
            self[name]
        for name in self._named:
            self[name]

    def _defined(self, text: str) -> Type:
        self._tokens = [t for t in _TOKEN.findall(text) if not t.startswith("--")]
        self._at = 1
        self._expect("::=")
        found = self._type()
        if self._peek():
            raise ValueError(f"end of definition expected, not {self._peek()}")
        return found

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise ValueError(f"{token} expected, not {found}")

    def _accept(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _type(self) -> Type:
        if self._accept("["):
            word = self._next()
            tag = application(int(self._next())) if word == "APPLICATION" else context(int(word))
            self._expect("]")
            explicit = self._accept("EXPLICIT")
            return Tagged(tag, self._type(), explicit=explicit)
        name = self._next()
        if name in ("SEQUENCE", "SET", "EXTERNAL"):
            return self._constructed(name)
        if name == "CHOICE":
            return Choice([(part, kind) for part, kind, _ in self._fields()])
        if name in ("BIT", "OCTET", "OBJECT"):
            name = f"{name} {self._next()}"
        if name == "ANY":
            return Anything()
        return self._of_name(name)

    def _tagged(self) -> Type | None:
        """`[n] Name`, as most fields are, at once; None, and nothing taken, where something else stands here."""
        tokens, at = self._tokens, self._at
        if len(tokens) <= at + 3 or tokens[at] != "[" or tokens[at + 2] != "]" or tokens[at + 3] in _WORDS:
            return None
        self._at = at + 4
        return Tagged(context(int(tokens[at + 1])), self._of_name(tokens[at + 3]), explicit=False)

    def _of_name(self, name: str) -> Type:
        if name in _PLAIN:
            return Plain(name, *_PLAIN[name])
        self._named.add(name)
        return Reference(name, self)

    def _constructed(self, name: str) -> Type:
        if self._accept("OF"):
            return Items(self._type())
        number = {"SEQUENCE": _SEQUENCE, "SET": _SET, "EXTERNAL": _EXTERNAL}[name]
        return Record(number, self._fields(), ordered=name != "SET")

    def _fields(self) -> list[tuple[str, Type, bool]]:
        self._expect("{")
        fields = []
        while not self._accept("}"):
            name = self._next()
            kind = self._tagged() or self._type()
            fields.append((name, kind, self._accept("OPTIONAL")))
            self._accept(",")
        return fields
