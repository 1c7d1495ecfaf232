"""What is rare in EtherCAT: state changes, SII, mailboxes, who the devices are, and safety in process data."""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.protocols.ethercat.mailbox import ABORT, COE, Mail, read_mail
from interlock.decode.protocols.ethercat.registers import (
    AL_CONTROL,
    REGISTERS,
    SII_CONTROL,
    register_name,
)
from interlock.decode.protocols.ethercat.safety import SafetyWatch
from interlock.decode.sheet import REFUSED, UNKNOWN
from interlock.records.vocabulary import VERBS

__all__ = ["Rare"]

TYPE_BASE: Final = 256
NETWORK_VARIABLES, MAILBOX_GATEWAY = 4, 5
APWR, APRW, FPWR, FPRW, BWR, BRW = 2, 3, 5, 6, 8, 9
LRD, LWR, LRW = 10, 11, 12
MAX_KNOWN: Final = 4096
"""Devices of a segment whose SII address is remembered."""
_STATES: Final = {1: "Init", 2: "PreOp", 3: "Bootstrap", 4: "SafeOp", 8: "Op"}
_STATE_VERBS: Final = {1: "stop", 8: "start"}
_SII_READ, _SII_WRITE, _SII_RELOAD = 0x0100, 0x0200, 0x0400
_VENDOR, _PRODUCT, _REVISION, _SERIAL = 8, 10, 12, 14
"""Words of the SII where the numbers stand, 32 bits each."""
_IDENTITY: Final = {0x101801: _VENDOR, 0x101802: _PRODUCT, 0x101803: _REVISION, 0x101804: _SERIAL}
_TEXTS: Final = {0x100800: "product", 0x100900: "hardware", 0x100A00: "firmware"}
_DIGITS: Final = 2


class Rare:
    """Plain Python beside the compiled decoder; memory of a segment: device → SII address, vendor number."""

    def __init__(self, decoder: Any) -> None:
        self.d = decoder
        self.mail = decoder.tools.table("ethercat", "ethercat-mailbox")
        self.safety = SafetyWatch(decoder)

    def keys(self, m: Any, i: int) -> tuple[object, bool, object]:
        """Key of the flow that asks where this one's sender is marked; whether it is; this flow's own key."""
        flows, slot = self.d.flows, m.flow[i]
        source, target = self.d.facts.sender(m, i), self.d.facts.receiver(m, i)
        realm = flows.realm_of(slot)
        head = source[:_DIGITS]
        link = flows.transport[slot] >= 0x10000
        marked = link and bool(int(head, 16) & 2)
        first = f"{int(head, 16) & 0xFD:02x}{source[_DIGITS:]}" if marked else source
        return (realm, first, target), marked, (realm, source, target)

    def same_sender(self, m: Any, i: int, asking: int, side: int) -> None:
        """The MAC of frames that came back is the sender's own, marked on the way: no machine of its own."""
        facts = self.d.facts
        who, marked = self.d.flows.address_of(asking, side), facts.sender(m, i)
        facts.clue(m, i, who, "mac", marked, "ethercat", 0.9)

    def other(self, m: Any, i: int, out: Any, kind: int) -> None:
        """A frame without datagrams: network variables, or a mailbox sent through a gateway."""
        row = out.tell(m, i, self.d.f, TYPE_BASE + kind)
        if kind == MAILBOX_GATEWAY:
            c = self.d.cursor
            found = read_mail(c.take(c.left()))
            if found is not None:
                self._name_mail(out, row, found, "Mailbox gateway")
        elif kind != NETWORK_VARIABLES:
            self.d.facts.oddity(m, i, "ethercat", "frame-type-unknown", 0)

    def object_name(self, logical: bool, address: int) -> str:
        """See EtherCat._object."""
        return f"logical:0x{address:08x}" if logical else register_name(address)

    def datagram(
        self,
        m: Any,
        i: int,
        out: Any,
        row: int,
        memory: dict[Any, Any],
        command: int,
        address: int,
        octets: bytes,
        back: bool,
    ) -> None:
        """Say more of a datagram that EtherCat._looks chose; row: its operation."""
        offset = address >> 16
        if LRD <= command <= LRW:
            self.safety.look(m, i, (command, address), octets)
        elif offset >= REGISTERS:
            self._mailbox(m, i, out, row, memory, command, octets, back)
        elif offset == AL_CONTROL:
            self._state(out, row, command, octets)
        elif offset == SII_CONTROL:
            self._sii(out, row, memory, command, octets)
        else:
            self._sii_data(m, i, out, row, memory, octets)

    def _state(self, out: Any, row: int, command: int, octets: bytes) -> None:
        state = octets[0] & 0x0F if octets else 0
        name = f"AL Control:{_STATES.get(state, state)}"
        last = row + out.items_of(row) - 1 if command in (APRW, FPRW, BRW) else row
        out.set_object(last, self.d.objects.code(name), 1)
        out.set_verb(last, VERBS.index(_STATE_VERBS.get(state, "mode-set")))

    def _sii(self, out: Any, row: int, memory: dict[Any, Any], command: int, octets: bytes) -> None:
        """A command to the device's EEPROM: read, write or reload it at an address."""
        if len(octets) < _DIGITS:
            return
        word = int.from_bytes(octets[:2], "little")
        at = int.from_bytes(octets[2:6], "little") if len(octets) >= 6 else None
        verb = (
            "configure"
            if word & _SII_WRITE
            else "read"
            if word & _SII_READ
            else "reset"
            if word & _SII_RELOAD
            else ""
        )
        last = row + out.items_of(row) - 1 if command in (APRW, FPRW, BRW) else row
        if verb:
            out.set_verb(last, VERBS.index(verb))
        if at is not None:
            out.set_object(last, self.d.objects.code(f"SII:0x{at:04x}"), 1)
            if len(memory) >= MAX_KNOWN:
                memory.clear()
            memory["sii", out.unit_of(row)] = at if word & _SII_READ else None

    def _sii_data(self, m: Any, i: int, out: Any, row: int, memory: dict[Any, Any], octets: bytes) -> None:
        unit = out.unit_of(row)
        at = memory.get(("sii", unit))
        if at is None or unit < 0:
            return
        for word in range(at, at + len(octets) // 2, 2):
            content = octets[2 * (word - at) : 2 * (word - at) + 4]
            if word in (_VENDOR, _PRODUCT, _REVISION, _SERIAL) and len(content) == 4:
                self._number(m, i, out, row, memory, word, int.from_bytes(content, "little"))

    def _mailbox(
        self,
        m: Any,
        i: int,
        out: Any,
        row: int,
        memory: dict[Any, Any],
        command: int,
        octets: bytes,
        back: bool,
    ) -> None:
        """A mailbox is told where it goes: written on the way out, read on the way back."""
        written = command in (APWR, FPWR)
        if written == back:
            return
        found = read_mail(octets)
        if found is None:
            return
        self._name_mail(
            out, row, found, "FPWR" if command == FPWR else "APWR" if written else _READ_NAMES[command]
        )
        if found.entry in _TEXTS:
            text = found.data.decode("utf-8", "backslashreplace").strip("\0 ")
            self._clue(m, i, out, row, _TEXTS[found.entry], text, 0.9)
        elif found.entry in _IDENTITY and found.data:
            number = int.from_bytes(found.data[:4], "little")
            self._number(m, i, out, row, memory, _IDENTITY[found.entry], number)

    def _name_mail(self, out: Any, row: int, found: Mail, carrier: str) -> None:
        name, verb = self.d.tools.verb_rows("ethercat-mailbox").get(found.function, ("", "unknown"))
        if not name:
            return
        out.set_name(row, self.d.names.code(f"{carrier}: {name}"))
        out.set_verb(row, VERBS.index(found.verb or verb))
        if found.object:
            out.set_object(row, self.d.objects.code(found.object), 1)
        if found.code is not None:
            ended = REFUSED if found.function >> 12 != COE or found.function & 7 == ABORT else UNKNOWN
            out.settle(row, ended, found.code)

    def _number(
        self, m: Any, i: int, out: Any, row: int, memory: dict[Any, Any], word: int, number: int
    ) -> None:
        unit = out.unit_of(row)
        if word == _VENDOR:
            if len(memory) >= MAX_KNOWN:
                memory.clear()
            memory["vendor", unit] = number
            self._clue(m, i, out, row, "vendor-id", f"ethercat:0x{number:08x}", 0.95)
        elif word == _PRODUCT:
            vendor = memory.get(("vendor", unit))
            place = "" if vendor is None else f"0x{vendor:08x}/"
            self._clue(m, i, out, row, "product-code", f"ethercat:{place}0x{number:08x}", 0.9)
        elif word == _REVISION:
            self._clue(m, i, out, row, "hardware", f"0x{number:08x}", 0.8)
        elif number:
            self._clue(m, i, out, row, "serial", str(number), 0.9)

    def _clue(self, m: Any, i: int, out: Any, row: int, field: str, value: str, confidence: float) -> None:
        """A fact about a device: it stands behind the master, which is the only one with an address."""
        unit = out.unit_of(row)
        if unit >= 0:
            who = f"{self.d.facts.receiver(m, i)}/{self.d.names.texts[unit]}"
            self.d.facts.clue(m, i, who, field, value, "ethercat", confidence)


_READ_NAMES: Final = {1: "APRD", 4: "FPRD"}
