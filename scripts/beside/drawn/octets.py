"""Options about octets, drawn so that they hold of octets that are at hand, or nearly do."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 (a seed is given)

__all__ = ["Drawing", "quoted"]

_PLAIN: Final = re.compile(rb"[A-Za-z0-9 .,_/=&?+*()<>@#'-]")
_OPERATORS: Final = ("=", "<", ">", "<=", ">=", "&", "^")
_BASES: Final = {"dec": 10, "hex": 16, "oct": 8}
_PLACED: Final = 3
_CLASSES: Final = (
    (rb"[0-9]", rb"\d"),
    (rb"[A-Za-z]", rb"[A-Za-z]"),
    (rb"[A-Za-z0-9_]", rb"\w"),
    (rb"\s", rb"\s"),
)


def quoted(octets: bytes) -> str:
    """A content's text."""
    said = ""
    for octet in octets:
        one = bytes((octet,))
        said += one.decode() if _PLAIN.match(one) else f"|{octet:02x}|"
    return said.replace("||", " ")


@dataclass(slots=True)
class Drawing:
    """Options for one buffer. octets: what it holds. names: numbers by name, of what was read before.

    place: where the match before ends; None before the first one. letter: pcre's for this buffer.
    """

    draw: Random
    octets: bytes
    names: dict[str, int] = field(default_factory=dict)
    letter: str = ""
    behind: str = ""
    place: int | None = None
    options: list[str] = field(default_factory=list)
    counted: int = 0

    def some(self, most: int = 4) -> list[str]:
        """One to so many options with their modifiers."""
        for _ in range(self.draw.randint(1, most)):
            kinds = (
                self._content,
                self._expression,
                self._test,
                self._jump,
                self._extract,
                self._math,
                self._data,
            )
            weights = (50, 12, 12, 8, 7, 7, 8) if not self.behind else (1, 0, 0, 0, 0, 0, 0)
            if not self.behind and not self.letter and self._chance(0.02):
                self._base64()
                break
            self.draw.choices(kinds, weights)[0]()
        return self.options

    def _chance(self, share: float) -> bool:
        return self.draw.random() < share

    def _off(self, number: int) -> int:
        """Mostly itself, sometimes its neighbour, seldom anything."""
        if self._chance(0.75):
            return number
        return number + self.draw.choice((-1, 1)) if self._chance(0.85) else self.draw.randint(-6, 30)

    def _number(self, number: int, share: float = 0.25) -> str:
        """As a constant, or a name where one has that value, or any."""
        named = [name for name, value in self.names.items() if value == number]
        if named and self._chance(0.7):
            return self.draw.choice(named)
        if self.names and self._chance(share / 5):
            return self.draw.choice(sorted(self.names))
        return str(number)

    def _piece(self) -> tuple[int, bytes]:
        size = len(self.octets)
        if not size:
            return 0, bytes((self.draw.choice(b"ab01"),))
        begin = self.place if self.place is not None and self.place < size and self._chance(0.7) else 0
        at = self.draw.randrange(begin, size)
        return at, self.octets[at : at + self.draw.choices((1, 2, 3, 6), (30, 40, 20, 10))[0]]

    def _content(self) -> None:
        at, piece = self._piece()
        negated = self._chance(0.2)
        if (negated and self._chance(0.6)) or self._chance(0.06):
            piece = bytes(self.draw.choice(b"aAb01\0\xff \n") for _ in piece)
        nocase = self._chance(0.25)
        shown = piece.swapcase() if nocase and self._chance(0.7) else piece
        self.options.append(f'content:{"!" if negated else ""}"{quoted(shown)}"')
        more = ["nocase"] if nocase else []
        if self.behind:
            more.append(self.behind)
        more += self._places(at, piece, negated=negated)
        if not negated and self._chance(0.12):
            more.append(self._fast(len(piece)))
        if self._chance(0.03):
            more.append("rawbytes")
        self.draw.shuffle(more)
        self.options += more
        if not negated:
            self.place = at + len(piece)

    def _fast(self, size: int) -> str:
        first = self.draw.randrange(size)
        return self.draw.choice(
            ("fast_pattern", f"fast_pattern:{first},{self.draw.randint(1, size - first)}")
        )

    def _places(self, at: int, piece: bytes, *, negated: bool) -> list[str]:
        said: list[str] = []
        if self.place is not None and self._chance(0.6):
            distance = at - self.place
            if self._chance(0.7):
                near = distance if self._chance(0.5) else distance - self.draw.randint(0, 3)
                near = self._off(near)
                said.append(f"distance:{self._number(near)}")
                distance -= near
            if self._chance(0.6) or not said:
                room = max(
                    1,
                    self._off(distance + len(piece) + (0 if self._chance(0.5) else self.draw.randint(0, 4))),
                )
                said.append(f"within:{self._number(room)}")
        elif self._chance(0.5):
            offset = 0
            if self._chance(0.6):
                offset = max(0, self._off(at if self._chance(0.6) else self.draw.randint(0, at)))
                said.append(f"offset:{self._number(offset)}")
            if self._chance(0.6):
                depth = max(1, self._off(at - offset + len(piece) + (0 if self._chance(0.5) else 2)))
                said.append(f"depth:{self._number(depth)}")
        if not at and not said and self._chance(0.5):
            said.append("startswith")
        if at + len(piece) == len(self.octets) and self._chance(0.4) and not negated:
            said.append("endswith")
        elif self._chance(0.03) and not negated:
            said.append(self.draw.choice(("startswith", "endswith")))
        return said

    def _expression(self) -> None:
        at, piece = self._piece()
        flags = "".join(letter for letter in "ismxEG" if self._chance(0.15))
        flags += "A" if self._chance(0.06) else ""
        relative = self.place is not None and self._chance(0.35)
        said = b"".join(map(self._spelled, (bytes((octet,)) for octet in piece)))
        said = self._repeated(said)
        said = (b"^" if self._chance(0.12) else b"") + said + (b"$" if self._chance(0.12) else b"")
        if self._chance(0.08):
            said = b"(" + said + b"|zz)"
        negated = self._chance(0.15)
        sign = "!" if negated else ""
        self.options.append(
            f'pcre:{sign}"/{said.decode("latin-1")}/{flags}{"R" if relative else ""}{self.letter}"'
        )
        if not negated:
            self.place = at + len(piece)

    def _repeated(self, said: bytes) -> bytes:
        if self._chance(0.2):
            return said + self.draw.choice(
                (b".*", b".+", b".?", b"[^a]", b".{0,3}", b"(?=.)", b"(?!b)", b"\\b")
            )
        if self._chance(0.1):
            return self.draw.choice((b".*", b".", b"(?<=.)", b"\\b", b"[^0]+")) + said
        return said

    def _spelled(self, octet: bytes) -> bytes:
        fits = [word for wanted, word in _CLASSES if re.match(wanted, octet)]
        if fits and self._chance(0.25):
            return self.draw.choice(fits)
        if self._chance(0.08):
            return b"."
        return octet if octet.isalnum() else b"\\x%02x" % octet[0]

    def _read(self) -> tuple[int, int, int, list[str], bool]:
        """Octets, from where, the number, its words, and whether it counts from the match before."""
        relative = self.place is not None and self._chance(0.5)
        size = len(self.octets)
        words = ["relative"] if relative else []
        text = self._chance(0.3)
        if text:
            base = self.draw.choice(sorted(_BASES))
            digits = [found.start() for found in re.finditer(rb"[0-9]", self.octets)]
            at = self.draw.choice(digits) if digits else self.draw.randrange(size + 1)
            count = self.draw.randint(1, 3)
            number = _digits(self.octets[at : at + count], _BASES[base])
            words += ["string", base]
        else:
            count = self.draw.choices((1, 2, 4, 3, 8), (40, 30, 15, 10, 5))[0]
            at = self.draw.randint(0, max(0, size - count + self._chance(0.1)))
            endian = self.draw.choice(("", "", "little", "big"))
            words += [endian] if endian else []
            number = int.from_bytes(self.octets[at : at + count], "little" if endian == "little" else "big")
        mask = self.draw.choice((0x0F, 0xF0, 0xFF, 0x3C, 0xFF00, 0x1)) if self._chance(0.15) else None
        if mask is not None:
            words.append(f"bitmask 0x{mask:x}")
            number = (number & mask) >> ((mask & -mask).bit_length() - 1)
        return count, at, number, words, relative

    def _from(self, at: int, *, relative: bool) -> str:
        offset = at - (self.place or 0) if relative else at
        return self._number(offset)

    def _test(self) -> None:
        count, at, number, words, relative = self._read()
        operator = self.draw.choice(_OPERATORS)
        value = max(0, self._off(number))
        sign = "!" if self._chance(0.2) else ""
        self.draw.shuffle(words)
        parts = [
            self._number(count, 0.1),
            f"{sign}{operator}",
            self._number(value),
            self._from(at, relative=relative),
        ]
        self.options.append("byte_test:" + ",".join((*parts, *_together(words))))

    def _jump(self) -> None:
        count, at, number, words, relative = self._read()
        times, post, end = 1, 0, at + count
        if self._chance(0.15):
            times = self.draw.randint(2, 4)
            words.append(f"multiplier {times}")
        if self._chance(0.15):
            words.append("align")
        origin = self.draw.choice(("from_beginning", "from_end")) if self._chance(0.2) else ""
        words += [origin] if origin else []
        if self._chance(0.5) or number > len(self.octets):
            wanted = self.draw.randint(0, len(self.octets))
            begin = {"from_beginning": 0, "from_end": len(self.octets)}.get(origin, end)
            post = max(-60_000, min(60_000, wanted - begin - number * times))
            words.append(f"post_offset {self._number(post)}")
        self.options.append(
            "byte_jump:"
            + ",".join((self._number(count, 0.1), self._from(at, relative=relative), *_together(words)))
        )
        begin = {"from_beginning": 0, "from_end": len(self.octets)}.get(origin, end)
        self.place = min(max(0, begin + number * times + post), len(self.octets))

    def _extract(self) -> None:
        count, at, number, words, relative = self._read()
        words = [word for word in words if not word.startswith("bitmask") or self._chance(0.3)]
        if self._chance(0.12):
            words.append(f"multiplier {self.draw.randint(2, 4)}")
        if self._chance(0.12):
            words.append(f"align {self.draw.choice((2, 4))}")
        name = self._name()
        self.options.append(
            "byte_extract:"
            + ",".join((str(count), self._from(at, relative=relative), name, *_together(words)))
        )
        self.names[name] = number

    def _math(self) -> None:
        count, at, number, words, relative = self._read()
        operator = self.draw.choice(("+", "-", "*", "/", "<<", ">>"))
        right = self.draw.randint(1, 5)
        mask = [word for word in words if word.startswith("bitmask")]
        said = [
            word
            for word in words
            if word in {"relative", "string"} or word in _BASES or word in {"big", "little"}
        ]
        more = ["relative"] if "relative" in said else []
        more += [f"endian {word}" for word in said if word in {"big", "little"}]
        more += [f"string {word}" for word in said if word in _BASES]
        name = self._name()
        parts = (
            f"bytes {self._number(count, 0.1)}",
            f"offset {self._from(at, relative=relative)}",
            f"oper {operator}",
        )
        self.options.append(
            "byte_math:" + ",".join((*parts, f"rvalue {self._number(right)}", f"result {name}", *more, *mask))
        )
        results = {"+": number + right, "-": number - right, "*": number * right, "/": number // right}
        self.names[name] = {**results, "<<": number << right, ">>": number >> right}[operator]

    def _name(self) -> str:
        self.counted += 1
        return f"v{len(self.names)}_{self.counted}"

    def _data(self) -> None:
        relative = self.place is not None and self._chance(0.6)
        left = len(self.octets) - ((self.place or 0) if relative else 0)
        position = max(0, self._off(left if self._chance(0.6) else self.draw.randint(0, max(0, left))))
        sign = "!" if self._chance(0.4) else ""
        words = [word for word, there in (("relative", relative), ("rawbytes", self._chance(0.05))) if there]
        self.options.append("isdataat:" + ",".join((f"{sign}{self._number(position)}", *words)))

    def _base64(self) -> None:
        """Decoded, and looked at; nothing is asked of the buffer itself behind it."""
        at = self.draw.randint(0, max(0, len(self.octets) - 1))
        relative = self.place is not None and self._chance(0.6)
        words = [f"bytes {self.draw.randint(4, 24)}"] if self._chance(0.5) else []
        words += [f"offset {max(0, at - (self.place or 0) if relative else at)}"] if self._chance(0.7) else []
        words += ["relative"] if relative else []
        self.options += [f"base64_decode:{','.join(words)}" if words else "base64_decode", "base64_data"]
        octets = _decoded(self.octets[at:])
        self.options += Drawing(self.draw, octets, {}).some(2)


def _decoded(octets: bytes) -> bytes:
    """What comes of the letters of Base64 that octets begin with."""
    found = re.match(rb"[A-Za-z0-9+/]*", octets)
    letters = found[0] if found else b""
    return base64.b64decode(letters[: len(letters) // 4 * 4])


def _digits(octets: bytes, base: int) -> int:
    found = re.match(rb"[0-9a-fA-F]+" if base == 16 else rb"[0-9]+" if base == 10 else rb"[0-7]+", octets)
    return int(found[0], base) if found else 0


def _together(words: list[str]) -> list[str]:
    """`string` and its base stand side by side."""
    bases = [word for word in words if word in _BASES]
    kept = [word for word in words if word not in _BASES and word != "string"]
    return [*kept, *(["string", *bases] if bases else [])]
