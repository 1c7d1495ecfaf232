"""What the engine lends to every decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.announced import Announced
from interlock.decode.cursor import Cursor
from interlock.decode.functions import Functions
from interlock.decode.heartbeat import unwatched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlock.decode.flows import Flows
    from interlock.decode.sheet import Sheet

__all__ = ["Tools", "VerbRows"]

VerbRows = dict[int, tuple[str, str]]
"""function → (its specification's name, verb)."""


class Tools:
    """Shared by all decoders of one engine: one cursor, the flow table, the sheet's pools and sinks.

    announced: connections that a decoder told to be coming.
    riders: name of a SPEC → what makes the decoders that ride on it, in the order of the registry; filled by the
    engine, asked by the decoder underneath.
    """

    def __init__(
        self,
        flows: Flows,
        sheet: Sheet,
        verbs: Mapping[str, VerbRows],
        codes: Mapping[str, int],
        given: Mapping[str, Any] | None = None,
        beat: memoryview | None = None,
    ) -> None:
        """verbs: protocol name → its verbs.toml rows; codes: protocol name → protocol code.

        beat: a row of heartbeat.py.
        given: protocol folder → what people know and wires can't tell (profinet: (vendor, device) → Description).
        """
        self.given: Mapping[str, Any] = given or {}
        self.beat = unwatched() if beat is None else beat
        self.cursor = Cursor()
        self.flows = flows
        self.sheet = sheet
        self.facts: Any = sheet.facts
        self.values: Any = sheet.values
        self.names: Any = sheet.names
        self.objects: Any = sheet.objects
        self.codes = codes
        self.announced = Announced()
        self.riders: dict[str, list[Callable[[], Any]]] = {}
        self._verbs = verbs
        self._functions: dict[str, Functions] = {}

    def functions(self, name: str) -> Functions:
        """The Functions of a protocol name; a protocol without verbs.toml knows none."""
        known = self._functions.get(name)
        if known is None:
            known = Functions(name, self.codes[name], self._verbs.get(name, {}), self.names)
            self._functions[name] = known
        return known

    def verb_rows(self, table: str) -> VerbRows:
        """The rows of a table of verbs.toml that no protocol name has, like sub-functions."""
        return self._verbs.get(table, {})

    def table(self, protocol: str, rows: str) -> Functions:
        """Functions of a protocol's own second table (sub-functions), under that protocol's code."""
        return Functions(protocol, self.codes[protocol], self.verb_rows(rows), self.names)
