"""DCP: who is there, and giving devices their names and addresses.

    | service id 1 | service type 1 | xid 4 | response delay 2 | length 2 | blocks … |
    block              | option 1 | suboption 1 | length 2 | [qualifier or info 2] value … | padding to even |
    block of a Get     | option 1 | suboption 1 |

Source: IEC 61158-6-10, 4.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.profinet.dcp_blocks import BlockClues, block_name, filter_text, value_text
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Dcp"]

_GET, _SET, _IDENTIFY, _HELLO = 3, 4, 5, 6
_NOT_SUPPORTED: Final = 5
_FRAMES: Final = {0xFEFC: (_HELLO,), 0xFEFD: (_GET, _SET), 0xFEFE: (_IDENTIFY,), 0xFEFF: (_IDENTIFY,)}
_RESPONSE_BLOCK: Final = (5, 4)
_VERBS: Final = {(5, 1): "open", (5, 2): "close", (5, 3): "diagnose", (5, 5): "reset", (5, 6): "reset"}
"""What a Set of a control block does (4.3.1.4.6); every other Set configures."""
_WRITTEN: Final = 0
_OK, _REFUSED = 1, 2
_MAX_GROUPS: Final = 4096
_PATIENCE_NS: Final = 10_000_000_000
"""What an answer may take besides the delay that was asked for."""
_MAX_DELAY: Final = 0x1900
"""The largest response delay factor that the standard has: 64 s."""

_Item = tuple[int, int, bytes]


class Dcp:
    """Questions to one machine are paired in their flow, those to the group with each answer to the asker."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._clues = BlockClues(decoder)
        self._functions = decoder.tools.functions("profinet-dcp")

    def message(self, m: Any, i: int, out: Any, c: Any, frame_id: int) -> None:
        """One DCP PDU; the cursor stands behind the frame id."""
        service, kind, xid = c.u8(), c.u8(), c.u32be()
        delay, length = c.u16be(), c.u16be()
        if service not in _FRAMES[frame_id]:
            self._decoder.facts.oddity(m, i, "profinet-dcp", "frame-id-mismatch", 0)
        short = length > c.left()
        if not short:
            c.end = c.position + length
        if kind & 1:
            self._answer(m, i, out, c, service, kind, xid)
        else:
            self._ask(m, i, out, c, service, xid, delay)
        if short:
            raise DecodeError("truncated", c.offset())

    def _ask(self, m: Any, i: int, out: Any, c: Any, service: int, xid: int, delay: int) -> None:
        """delay: over how many times 10 ms the group's answers are to be spread (4.3.1.3.3)."""
        d, slot = self._decoder, m.flow[i]
        self._orient(slot, m.side[i])
        if service == _HELLO:
            m.direction[i] = 0  # it comes from whom the flow now has for its client
            out.tell(m, i, self._functions, 256 * service)
            for option, suboption, value in _blocks(c):
                self._clues.say(m, i, option, suboption, value[2:])
            return
        row = out.ask(m, i, self._functions, 256 * service, service << 32 | xid)
        out.set_transaction(row, xid)
        group = int(d.facts.receiver(m, i)[:2], 16) & 1
        if group:
            self._remember(slot, m.side[i])
            if service == _IDENTIFY:
                out.set_timeout(row, _PATIENCE_NS + min(delay, _MAX_DELAY) * 10_000_000)
        if service == _SET:
            self._set(m, i, out, c, row)
        elif service == _GET:
            items = [(c.u8(), c.u8(), b"") for _ in range(c.left() // 2)]
            self._name(out, row, items)
            out.notes[out.operation_of(row)] = items
        elif service == _IDENTIFY:
            if not group:
                out.set_verb(row, VERBS.index("identify"))
            blocks = [(o, s, v) for o, s, v in _blocks(c)]
            if blocks:
                out.set_object(row, d.objects.code(filter_text(*blocks[0])), len(blocks))

    def _orient(self, slot: int, client_side: int) -> None:
        """The asker is the client, unless an application relation has shown who controls."""
        flows = self._decoder.flows
        if flows.state[slot] is None or not flows.oriented[slot]:
            flows.orient(slot, client_side)

    def _remember(self, slot: int, side: int) -> None:
        d = self._decoder
        asker = (d.flows.realm_of(slot), d.flows.address_of(slot, side))
        if len(d.groups) >= _MAX_GROUPS:
            d.groups.clear()
        d.groups[asker] = slot
        d.link(slot).group = asker

    def _name(self, out: Any, row: int, items: list[_Item]) -> list[int]:
        """Give each block a row of its own, the first block the message's first; the rows."""
        rows = []
        for n, (option, suboption, _) in enumerate(items):
            at = row if n == 0 else out.more(row)
            out.set_object(at, self._decoder.objects.code(block_name(option, suboption)), 1)
            rows.append(at)
        return rows

    def _set(self, m: Any, i: int, out: Any, c: Any, row: int) -> None:
        d = self._decoder
        items: list[_Item] = []
        try:
            items.extend(_blocks(c))
        finally:  # what was read before a cut counts
            rows = self._name(out, row, items)
            out.notes[out.operation_of(row)] = items
            for at, (option, suboption, _) in zip(rows, items, strict=True):
                verb = _VERBS.get((option, suboption))
                if verb is not None:
                    out.set_verb(at, VERBS.index(verb))
        if d.values.wanted:
            for option, suboption, value in items:
                self._value(m, i, out, row, option, suboption, value)

    def _value(self, m: Any, i: int, out: Any, row: int, option: int, suboption: int, value: bytes) -> None:
        """The new value as text, with its qualifier (4.3.1.4.2): kept over a power cycle or not."""
        d, text = self._decoder, value_text(option, suboption, value[2:])
        if text is None or len(value) < 2:
            return
        code = d.objects.code(block_name(option, suboption))
        block = d.values.block(m, i, d.dcp_code, out.operation_of(row), -1, code, _WRITTEN, -1)
        d.values.set_text(block, text)
        d.values.set_quality(block, d.names.code("permanent" if value[1] & 1 else "temporary"))

    def _answer(self, m: Any, i: int, out: Any, c: Any, service: int, kind: int, xid: int) -> None:
        d, slot, key = self._decoder, m.flow[i], service << 32 | xid
        row = out.answer(m, i, key)
        found = row >= 0
        if not found:
            if service == _IDENTIFY:
                asker = (d.flows.realm_of(slot), d.facts.receiver(m, i))
                if asker in d.groups:
                    out.heard(m, i, d.groups[asker], key)
            row = out.orphan(m, i, self._functions, 256 * service, key)
            out.set_transaction(row, xid)
            self._orient(slot, 1 - m.side[i])
        asked = out.notes.pop(out.operation_of(row), []) if found else []
        if kind == _NOT_SUPPORTED:
            out.settle(row, _REFUSED, kind)
        blocks = list(_blocks(c))
        if service == _SET:
            self._results(m, i, out, row, asked, blocks, kind)
            return
        for n, (option, suboption, value) in enumerate(blocks):
            if (option, suboption) == _RESPONSE_BLOCK:
                self._result(out, row, asked, value)
            else:
                self._clues.say(m, i, option, suboption, value[2:])
                if not found and n == 0:
                    out.set_object(row, d.objects.code(block_name(option, suboption)), len(blocks))

    def _results(
        self, m: Any, i: int, out: Any, row: int, asked: list[_Item], blocks: list[_Item], kind: int
    ) -> None:
        """Each block's result; what a device accepted is what it has from now on."""
        refused = set()
        for option, suboption, value in blocks:
            if (option, suboption) == _RESPONSE_BLOCK and self._result(out, row, asked, value):
                refused.add((value[0], value[1]))
        if kind == _NOT_SUPPORTED:
            return
        for option, suboption, value in asked:
            if (option, suboption) not in refused:
                self._clues.say(m, i, option, suboption, value[2:])

    def _result(self, out: Any, row: int, asked: list[_Item], value: bytes) -> int:
        """Settle the item that a Response block is about; its block error, 0 for none (4.3.1.4.5)."""
        if len(value) < 3:
            raise DecodeError("truncated", 0)
        option, suboption, error = value[0], value[1], value[2]
        if not asked:
            out.set_object(row, self._decoder.objects.code(block_name(option, suboption)), 1)
            if error:
                out.settle(row, _REFUSED, error)
        elif error:
            for n, item in enumerate(asked):
                if item[:2] == (option, suboption):
                    out.settle_item(row, n, _REFUSED, error)
        return error


def _blocks(c: Any) -> Iterator[_Item]:
    """Option, suboption and content of each block up to the cursor's end."""
    while c.left() >= 4:
        option, suboption, length = c.u8(), c.u8(), c.u16be()
        yield option, suboption, c.take(length)
        if length & 1 and c.left():
            c.skip(1)
