"""Application relations: what connects ask for and devices accept, into rows, clues and bonds.

Source: IEC 61158-6-10, 5.2.3 (Connect, Release, Control).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.profinet.blocks import each_block
from interlock.decode.protocols.profinet.bonds import Bond
from interlock.decode.protocols.profinet.connect import Accepted, Asked, read_accepted, read_asked
from interlock.decode.protocols.profinet.dcp_blocks import product_clues
from interlock.decode.protocols.profinet.process import lay_out
from interlock.decode.protocols.profinet.rpc import Header, uuid_text

if TYPE_CHECKING:
    from interlock.decode.protocols.profinet.connect import Channel
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
            device, vendor = (int.from_bytes(header.object[at : at + 2], "big") for at in (12, 14))
            asked.target = (vendor, device)
        try:
            read_asked(c, asked)
        finally:  # what stands before a cut is good
            if asked.relation:
                out.set_object(row, d.objects.code(f"ar:{asked.relation}"), 1)
                self._initiator(m, i, asked)

    def _initiator(self, m: Any, i: int, asked: Asked) -> None:
        facts = self._decoder.facts
        kind = "io-supervisor" if asked.kind == _SUPERVISOR else "io-controller"
        said = (
            ("name", asked.station),
            ("mac", asked.mac),
            ("device-type", f"profinet:{kind}"),
            *(product_clues(*asked.product) if asked.product[0] else ()),
        )
        for field, value in said:
            facts.clue(m, i, facts.sender(m, i), field, value, "pnio-cm", 0.85)

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
        for channel in asked.channels or (None,):
            self._tell(m, i, out, row, asked, accepted, channel, status)
        if not status:
            self._expect(m, i, asked)
            self._modules(m, i, out, row, asked)

    def _tell(
        self,
        m: Any,
        i: int,
        out: Any,
        row: int,
        asked: Asked,
        accepted: Accepted,
        channel: Channel | None,
        status: int,
    ) -> None:
        """One row of profinet_ars, and the bond by which cyclic data finds it."""
        frame_id = accepted.frame_ids.get(channel.reference, channel.frame_id) if channel else _UNASSIGNED
        known = None if frame_id == _UNASSIGNED else frame_id
        told = {
            "operation": out.operation_of(row),
            "event": "refused" if status else "opened",
            "ar": asked.relation,
            "ar_type": asked.kind,
            "session_key": asked.session_key,
            "initiator_mac": asked.mac,
            "responder_mac": accepted.mac or None,
            "station_name": asked.station,
            "iocr_type": channel.kind if channel else None,
            "iocr_reference": channel.reference if channel else None,
            "frame_id": known,
            "rt_class": channel.rt_class if channel else None,
            "data_length": channel.octets if channel else None,
            "send_clock": channel.send_clock if channel else None,
            "cycle": channel.cycle if channel else None,
            "watchdog": channel.watchdog if channel else None,
            "code": status or None,
        }
        self._decoder.facts.detail("profinet_ars", m, i, told)
        if channel and known and not status:
            self._bind(m, i, asked, accepted, channel, frame_id)

    def _bind(
        self, m: Any, i: int, asked: Asked, accepted: Accepted, channel: Channel, frame_id: int
    ) -> None:
        d = self._decoder
        ends = (asked.mac, accepted.mac)
        source, target = reversed(ends) if channel.kind == "input" else ends
        bond = Bond(
            relation=asked.relation,
            kind=channel.kind,
            octets=channel.octets,
            initiator=asked.mac,
            layout=lay_out(channel, asked, self._description(asked)),
        )
        d.bonds.add(d.flows.realm_of(m.flow[i]), source, target, frame_id, bond)
        d.generation += 1

    def _description(self, asked: Asked) -> Description | None:
        """What its maker's GSDML file says of the device, where one was given."""
        found: Description | None = self._decoder.tools.given.get("profinet", {}).get(asked.target)
        return found

    def _expect(self, m: Any, i: int, asked: Asked) -> None:
        """Keep the submodules' sizes, and say of whom the maker's file tells that it is fail-safe."""
        d = self._decoder
        sizes = {(s.slot, s.subslot): (s.inputs, s.outputs) for s in asked.submodules}
        d.bonds.expect(d.flows.realm_of(m.flow[i]), asked.relation, sizes)
        told = self._description(asked)
        found = (told.submodule(s.module, s.ident) for s in asked.submodules) if told else ()
        if any(s is not None and s.safe for s in found):
            for who in (d.facts.sender(m, i), d.facts.receiver(m, i)):
                d.facts.clue(
                    m, i, who, "safety", "PROFIsafe (fail-safe submodule in the GSDML)", "pnio-cm", 0.9
                )

    def _modules(self, m: Any, i: int, out: Any, row: int, asked: Asked) -> None:
        for submodule in asked.submodules:
            told = asdict(submodule)
            told |= {
                "operation": out.operation_of(row),
                "ar": asked.relation,
                "submodule": told.pop("ident"),
                "input_length": told.pop("inputs"),
                "output_length": told.pop("outputs"),
            }
            self._decoder.facts.detail("profinet_modules", m, i, told)
