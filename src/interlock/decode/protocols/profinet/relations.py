"""Application relations: what connects ask for and devices accept, into rows, clues and bonds.

Source: IEC 61158-6-10, 5.2.3 (Connect, Release, Control).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.profinet.blocks import each_block
from interlock.decode.protocols.profinet.bonds import Bond
from interlock.decode.protocols.profinet.dcp_blocks import product_clues
from interlock.decode.protocols.profinet.rpc import uuid_text
from interlock.decode.protocols.profinet.tables import ARS, MODULES
from interlock.decode.protocols.profinet.wire import (
    Accepted,
    Asked,
    Channel,
    Header,
    lay_out,
    read_accepted,
    read_asked,
)

if TYPE_CHECKING:
    from interlock.decode.protocols.profinet.gsdml import Description

__all__ = ["Relations"]

_CONTROLS: Final = {
    0x0110: "PrmEnd",
    0x0111: "PrmEnd (plug)",
    0x0112: "ApplicationReady",
    0x0113: "ApplicationReady (plug)",
    0x0114: "Release",
    0x0116: "ReadyForCompanion",
    0x0117: "ReadyForRT_CLASS_3",
    0x0118: "PrmBegin",
}
_SUPERVISOR: Final = 6
_UNASSIGNED: Final = 0xFFFF
_OBJECT: Final = bytes.fromhex("dea000006c9711d18271")


class Relations:
    """What a Connect says stays with its operation until the answer; then it is known to the cyclic data."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def asked(self, m: Any, i: int, out: Any, row: int, c: Any, header: Header) -> None:
        """A Connect request's blocks; the cursor stands before the first."""
        d, asked = self._decoder, Asked()
        out.notes[out.operation_of(row)] = asked
        if header.object[:10] == _OBJECT:
            octets = header.object
            asked.target = (octets[14] << 8 | octets[15], octets[12] << 8 | octets[13])
        try:
            read_asked(c, asked)
        finally:  # what stands before a cut is good
            if asked.relation:
                out.set_object(row, d.objects.code(f"ar:{asked.relation}"), 1)
                self._initiator(m, i, asked)

    def _initiator(self, m: Any, i: int, asked: Asked) -> None:
        facts = self._decoder.facts
        who = facts.sender(m, i)
        kind = "profinet:io-supervisor" if asked.kind == _SUPERVISOR else "profinet:io-controller"
        facts.clue(m, i, who, "name", asked.station, "pnio-cm", 0.85)
        facts.clue(m, i, who, "mac", asked.mac, "pnio-cm", 0.85)
        facts.clue(m, i, who, "device-type", kind, "pnio-cm", 0.85)
        for field, value in product_clues(*asked.product) if asked.product[0] else ():
            facts.clue(m, i, who, field, value, "pnio-cm", 0.85)

    def controlled(self, m: Any, i: int, out: Any, row: int, c: Any) -> None:
        """A Release or a Control: which relation, and what of it ends or is ready."""
        d = self._decoder
        for kind in each_block(c):
            if kind in _CONTROLS:
                c.skip(2)
                out.set_object(row, d.objects.code(f"ar:{uuid_text(c.take(16))}"), 1)
                out.set_name(row, d.names.code(_CONTROLS[kind]))

    def answered(self, m: Any, i: int, out: Any, row: int, c: Any, asked: Asked | None, status: int) -> None:
        """A Connect's answer: `asked` is None where its request was not seen."""
        d, accepted = self._decoder, Accepted()
        if not status:
            accepted = read_accepted(c)
            facts, who = d.facts, d.facts.sender(m, i)
            facts.clue(m, i, who, "mac", accepted.mac, "pnio-cm", 0.85)
            facts.clue(m, i, who, "device-type", "profinet:io-device", "pnio-cm", 0.85)
        if asked is None or not asked.relation:
            return
        if not status and asked.target[0]:
            for field, value in product_clues(*asked.target):
                facts.clue(m, i, who, field, value, "pnio-cm", 0.7)
        if d.facts.wants(ARS.name):
            for channel in asked.channels or (None,):
                told = _ar_row(asked, accepted, channel, status)
                d.facts.detail(ARS.name, m, i, {"operation": out.operation_of(row), **told})
        if not status:
            self._opened(m, i, asked, accepted)
            self._modules(m, i, out, row, asked)

    def _opened(self, m: Any, i: int, asked: Asked, accepted: Accepted) -> None:
        """Keep what the relation's cyclic data and records are read by."""
        d = self._decoder
        realm = d.flows.realm_of(m.flow[i])
        submodules = {(s.slot, s.subslot): s for s in asked.submodules}
        # What its maker's GSDML file says of the device, where one was given.
        description = d.tools.given.get("profinet", {}).get(asked.target)
        for channel in asked.channels:
            frame_id = _frame_id(accepted, channel)
            if frame_id:
                inward = channel.kind == "input"
                source, target = (accepted.mac, asked.mac) if inward else (asked.mac, accepted.mac)
                layout = lay_out(channel, submodules, description)
                bond = Bond(asked.relation, channel.kind, channel.octets, asked.mac, layout)
                d.bonds.add(realm, source, target, frame_id, bond)
                d.generation += 1
        d.bonds.expect(realm, asked.relation, submodules)
        if description is not None:
            self._safe(m, i, asked, description)

    def _safe(self, m: Any, i: int, asked: Asked, description: Description) -> None:
        """Say of whom the maker's file tells that it is fail-safe."""
        d = self._decoder
        found = (description.submodule(s.module, s.ident) for s in asked.submodules)
        if any(s is not None and s.safe for s in found):
            for who in (d.facts.sender(m, i), d.facts.receiver(m, i)):
                d.facts.clue(
                    m, i, who, "safety", "PROFIsafe (fail-safe submodule in the GSDML)", "pnio-cm", 0.9
                )

    def _modules(self, m: Any, i: int, out: Any, row: int, asked: Asked) -> None:
        facts = self._decoder.facts
        if not facts.wants(MODULES.name):
            return
        for submodule in asked.submodules:
            told = {
                "operation": out.operation_of(row),
                "ar": asked.relation,
                "api": submodule.api,
                "slot": submodule.slot,
                "module": submodule.module,
                "subslot": submodule.subslot,
                "submodule": submodule.ident,
                "input_length": submodule.inputs,
                "output_length": submodule.outputs,
            }
            facts.detail(MODULES.name, m, i, told)


def _frame_id(accepted: Accepted, channel: Channel) -> int | None:
    """The frame id that was agreed on, None where it was left open."""
    frame_id: int = accepted.frame_ids.get(channel.reference, channel.frame_id)
    return None if frame_id == _UNASSIGNED else frame_id


def _ar_row(asked: Asked, accepted: Accepted, channel: Channel | None, status: int) -> dict[str, Any]:
    """A row of profinet_ars but for its operation; channel: None where the Connect asked for none."""
    told = {
        "event": "refused" if status else "opened",
        "ar": asked.relation,
        "ar_type": asked.kind,
        "session_key": asked.session_key,
        "initiator_mac": asked.mac,
        "responder_mac": accepted.mac or None,
        "station_name": asked.station,
        "iocr_type": None,
        "iocr_reference": None,
        "frame_id": None,
        "rt_class": None,
        "data_length": None,
        "send_clock": None,
        "cycle": None,
        "watchdog": None,
        "code": status or None,
    }
    if channel is not None:
        told |= {
            "iocr_type": channel.kind,
            "iocr_reference": channel.reference,
            "frame_id": _frame_id(accepted, channel),
            "rt_class": channel.rt_class,
            "data_length": channel.octets,
            "send_clock": channel.send_clock,
            "cycle": channel.cycle,
            "watchdog": channel.watchdog,
        }
    return told
