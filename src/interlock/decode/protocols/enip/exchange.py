"""One request or answer of a rarer service, as its hooks and notes are handed it."""

from __future__ import annotations

from typing import Any

__all__ = ["Exchange"]


class Exchange:
    """The message at hand; the cursor stands behind the path of a request, at the data of an answer.

    row: of the request in `out`. unit: code of the route's end, -1 for the device at the address itself.
    path, service: of a request. status, extended: an answer's general status, first word of extended status.
    """

    __slots__ = ("cursor", "decoder", "extended", "i", "m", "out", "path", "row", "service", "status", "unit")

    def __init__(self, decoder: Any, m: Any, i: int, out: Any, row: int) -> None:
        self.decoder, self.m, self.i, self.out, self.row = decoder, m, i, out, row
        self.cursor = decoder.cursor
        self.unit = out.unit_of(row)
        self.path: Any = None
        self.service = self.status = 0
        self.extended: int | None = None

    @property
    def operation(self) -> int:
        """Id of the operation that the row stands for."""
        number: int = self.out.operation_of(self.row)
        return number

    def note(self, function: Any, *arguments: Any) -> None:
        """Have the answer handed to function(exchange, *arguments)."""
        self.out.notes[self.operation] = (function, *arguments)

    def clue(self, field: str, value: str, confidence: float = 0.95, protocol: str = "cip") -> None:
        """Tell a fact about who sent this answer."""
        facts = self.decoder.facts
        facts.clue(
            self.m, self.i, self.decoder.who(self.m, self.i, self.unit), field, value, protocol, confidence
        )

    def detail(self, table: str, row: dict[str, Any]) -> None:
        """Add a row to a table of the protocol's own."""
        known = {"operation": self.operation, "unit": self.decoder.unit_text(self.unit)}
        self.decoder.facts.detail(table, self.m, self.i, known | row)

    def route(self, octets: bytes) -> Any:
        """Read a connection path; the row is then about what stands at its end."""
        path = self.decoder.path(octets)
        if not path.whole:
            self.decoder.facts.oddity(self.m, self.i, "cip", "path-malformed", self.cursor.offset())
        self.unit = self.decoder.unit_code(self.unit, path.route)
        if self.unit >= 0:
            self.out.set_unit(self.row, self.unit)
        self.out.set_object(self.row, self.decoder.object_code(path), 1)
        return path
