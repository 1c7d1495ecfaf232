"""Who may ask whom for what in the practice plant: its design, whatever was seen of it.

Panel, historian and engineering station have the rights that their work needs, rare work included: set points that
nobody moved for weeks, monthly backups, an ordered download, the owner's own scan. Nobody else has any: the service
laptop comes only when it is called, and what comes from outside never. Proposals of zones are measured by it; what an
attack does within these rights no rule between machines can stop.

Verbs are those of `operations`. What is enciphered shows as `unknown` on the wire, whatever is asked in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlock.plant.machines import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RIGHTS", "SCHEMA", "Right", "policy_document", "triples"]

SCHEMA: Final = "interlock/plant-policy/1"

_SECURE: Final = ("open", "close", "discover", "unknown")
"""A signed and enciphered session of OPC UA: its opening can be read, its requests cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """client may ask server by a protocol for these verbs. event: the rare event that it is for; None: every day.

    verbs: empty for conversations in which nothing is asked. server: a machine, or `everybody` on the network at once.
    """

    client: str
    server: str
    protocol: str
    verbs: tuple[str, ...]
    why: str
    event: str | None = None


_Row = tuple[str, str, tuple[str, ...], str]
"""Server, protocol, verbs, why."""


def _rights(client: str, *rows: _Row, event: str | None = None) -> tuple[Right, ...]:
    return tuple(
        Right(client=client, server=server, protocol=protocol, verbs=verbs, why=why, event=event)
        for server, protocol, verbs, why in rows
    )


RIGHTS: Final = (
    *_rights(
        "hmi",
        ("plc-water", "modbus", ("read", "write"), "shows the tanks; level set point, inlet valve"),
        ("plc-boiler", "s7comm", ("open", "read", "write"), "shows the boiler; pressure set point"),
        ("plc-filler", "enip", ("open", "close"), "a session for what follows"),
        ("plc-filler", "cip", ("read", "write"), "shows the filler; start, stop and speed"),
        ("plc-pasteuriser", "opcua", _SECURE, "shows the pasteuriser; temperature set point"),
        ("hvac-hall", "bacnet", ("read", "write"), "shows the hall; its set point"),
        (
            "rtu-feeder",
            "iec104",
            ("open", "close", "diagnose", "read", "report"),
            "hears and asks the feeder",
        ),
        ("rtu-feeder", "iec104", ("select", "operate"), "the operator closes its breaker"),
        ("rtu-well", "dnp3", ("read", "write"), "master of the well: polls it, acknowledges its restarts"),
        ("rtu-well", "dnp3", ("select", "operate"), "starts and stops the well's pump"),
        ("everybody", "bacnet", ("discover",), "finds the hall's controller"),
    ),
    *_rights("plc-water", ("drive-pump", "modbus", ("read", "write"), "steers the pump")),
    *_rights(
        "plc-boiler",
        ("rio-boiler", "pnio-cm", ("open", "close", "write", "identify"), "agrees with its remote I/O"),
        ("everybody", "profinet-dcp", ("discover",), "finds its remote I/O"),
    ),
    *_rights(
        "plc-boiler",
        ("rio-boiler", "profinet-dcp", ("discover", "configure"), "names a new one"),
        event="replaced-io",
    ),
    *_rights("rio-boiler", ("plc-boiler", "pnio-cm", ("open",), "tells its controller that it is ready")),
    *_rights(
        "rtu-feeder", ("everybody", "goose", ("report",), "tells protection whether the breaker is closed")
    ),
    *_rights(
        "historian",
        ("plc-pasteuriser", "opcua", _SECURE, "collects values"),
        ("switch", "snmp", ("read",), "asks the switch how it is"),
    ),
    *_rights(
        "engineering",
        ("plc-water", "modbus", ("identify",), "which firmware its settings are of"),
        (
            "plc-water",
            "ftp",
            ("open", "close", "authenticate", "file-read", "unknown"),
            "fetches its settings",
        ),
        ("plc-water", "ftp-data", (), "the file itself"),
        ("drive-pump", "modbus", ("identify",), "which firmware it has"),
        ("plc-boiler", "s7comm", ("open", "identify", "program-read"), "fetches its blocks"),
        ("plc-filler", "enip", ("open", "close", "identify"), "a session for what follows"),
        ("plc-filler", "cip", ("identify",), "which firmware it has"),
        event="monthly-backup",
    ),
    *_rights(
        "engineering",
        (
            "plc-boiler",
            "s7comm",
            ("open", "identify", "program-read"),
            "compares with what it is about to change",
        ),
        ("plc-boiler", "s7comm", ("program-write",), "announces a block, has it fetched, and inserts it"),
        event="work-order-download",
    ),
    *_rights(
        "historian",
        ("plc-water", "modbus", ("identify",), "who it is"),
        ("drive-pump", "modbus", ("identify",), "who it is"),
        ("plc-boiler", "s7comm", ("open", "identify"), "who it is"),
        ("plc-filler", "enip", ("open", "close", "identify"), "who it is"),
        ("plc-filler", "cip", ("identify",), "who it is"),
        ("everybody", "bacnet", ("discover",), "who speaks BACnet"),
        *(
            (machine, protocol, (), "whether it listens there; nothing is asked")
            for machine in BY_NAME
            if machine not in {"historian", "vendor-laptop", "outside"}
            for protocol in ("http", "modbus", "s7comm", "enip")
        ),
        event="asset-scan",
    ),
)
"""All of them. Whoever is named nowhere here may ask nobody for anything."""


def triples() -> Iterator[tuple[str, str, str]]:
    """(client, server, verb), by address; what goes to everybody is left out. Some come more than once."""
    for right in RIGHTS:
        if right.server != "everybody":
            for verb in right.verbs:
                yield BY_NAME[right.client].ip, BY_NAME[right.server].ip, verb


def policy_document() -> dict[str, Any]:
    """As truth files have it."""
    return {
        "schema": SCHEMA,
        "rights": [
            {
                "client": right.client, "server": right.server, "protocol": right.protocol,
                "verbs": sorted(right.verbs), "why": right.why, "event": right.event,
                "client_ip": BY_NAME[right.client].ip,
                "server_ip": None if right.server == "everybody" else BY_NAME[right.server].ip,
            }
            for right in RIGHTS
        ],
    }  # fmt: skip
