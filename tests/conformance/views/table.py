"""All views there are: the one visible table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.views import (
    bacnet,
    bsap,
    cip,
    dnp3,
    dnp3_events,
    fins,
    fins_details,
    hart_ip,
    iec104,
    modbus,
    mqtt,
    opcua,
    opcua_services,
    profinet,
    roc_plus,
    s7comm,
    sessions,
    transcripts,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from conformance.views.port import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What a protocol's messages are as events of Suricata; meet, unsaid: as eve.hold has them."""

    events: View
    meet: tuple[str, ...]
    unsaid: re.Pattern[str]


__all__ = ["EVENTS", "VIEWS", "Events"]

VIEWS: Final[Mapping[str, Mapping[str, View]]] = {
    "bacnet": bacnet.VIEWS,
    "bsap": bsap.VIEWS,
    "c37118": sessions.C37118,
    "cip": cip.VIEWS | {"transcript": transcripts.TRANSCRIPTS["cip"]},
    "dnp3": dnp3.VIEWS,
    "ethercat": {"transcript": transcripts.TRANSCRIPTS["ethercat"]},
    "fins": fins.VIEWS | fins_details.VIEWS,
    "hart-ip": hart_ip.VIEWS,
    "iec104": iec104.VIEWS,
    "modbus": modbus.VIEWS | {"transcript": transcripts.TRANSCRIPTS["modbus"]},
    "mqtt": mqtt.VIEWS | {"transcript": transcripts.TRANSCRIPTS["mqtt"]},
    "opcua": opcua.VIEWS | opcua_services.VIEWS,
    "pnio-cm": profinet.VIEWS,
    "roc-plus": roc_plus.VIEWS,
    "snmp": sessions.SNMP,
    "s7comm": s7comm.VIEWS | {"transcript": transcripts.TRANSCRIPTS["s7comm"]},
}
"""Protocol → name of a view, as `[[baselines]]` of columns.toml has it → the view."""

EVENTS: Final[Mapping[str, Events]] = {
    "dnp3": Events(events=dnp3_events.events, meet=dnp3_events.MEET, unsaid=dnp3_events.UNSAID),
}
"""Protocol, which is an event's type and the folder of its captures → its events."""
