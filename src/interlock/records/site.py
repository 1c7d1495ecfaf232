"""The site file's model: what people know about a plant and wires cannot tell. Every part is optional."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.records.zone_finder import finder_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.conduit import AssetId, Conduit, InsideRule, SelectorText, ZoneKind

__all__ = [
    "DEFAULT_REALM",
    "VALUE_TYPES",
    "Approval",
    "ConditionText",
    "EngineeringStation",
    "Exemption",
    "FindingId",
    "Interlock",
    "LabRange",
    "MaintenanceWindow",
    "Member",
    "Realm",
    "Relation",
    "SafetySystem",
    "Site",
    "Tag",
    "ValueType",
    "VerbName",
    "WordOrder",
    "WorkOrder",
    "Zone",
    "covers",
    "utc_ns",
]

DEFAULT_REALM: Final = "default"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Member = str
FindingId = str
VerbName = str
ConditionText = str
ValueType = str
WordOrder = str
"""Member: an IP address, a network in CIDR notation, or a MAC address (lower case, colons). FindingId: a UUID.

VerbName: of vocabulary.VERBS. ConditionText: see `condition`. ValueType: of VALUE_TYPES. WordOrder: big (the first
register is the higher) or little.
"""
VALUE_TYPES: Final = (
    *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
    *("float32", "float64"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Realm:
    """One address space. networks: the plant's own, however public they look. sources: file globs."""

    name: str
    networks: tuple[Member, ...] = ()
    sources: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An IEC 62443-3-2 zone. sl_t: target level 0 to 4 of FR 1 to FR 7, or None where none is set.

    A machine is a member by its address, as an asset (its id), or by what is known of it (selector).
    inside: whether its machines may talk with each other as they like, or only as conduits say.
    until: the last day (UTC) it has members, of a temporary one.
    """

    name: str
    realm: str = DEFAULT_REALM
    kind: ZoneKind = "control"
    members: tuple[Member, ...] = ()
    assets: tuple[AssetId, ...] = ()
    selector: SelectorText | None = None
    sl_t: tuple[int, ...] | None = None
    purdue_level: str | None = None
    parent: str | None = None
    inside: InsideRule = "allow"
    owner: str | None = None
    until: date | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineeringStation:
    """A machine that may program controllers. controllers: which; empty means all of its realm."""

    address: Member
    realm: str = DEFAULT_REALM
    name: str | None = None
    owner: str | None = None
    controllers: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetySystem:
    """A machine whose failure to act can hurt people. sil: IEC 61508 safety integrity level 1 to 4."""

    address: Member
    realm: str = DEFAULT_REALM
    name: str | None = None
    sil: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """Work that somebody ordered. Empty stations or machines mean all of the realm, empty verbs all of them.

    objects: patterns with `*` of what may be written, read or loaded; empty means all. requires: as in a window.
    """

    id: str
    start: datetime
    end: datetime
    title: str | None = None
    realm: str = DEFAULT_REALM
    stations: tuple[Member, ...] = ()
    machines: tuple[Member, ...] = ()
    verbs: tuple[VerbName, ...] = ()
    objects: tuple[str, ...] = ()
    requires: int | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """A time in which changes are expected. Empty machines mean all of the realm.

    id: what approvers sign; stations, verbs: who may do what in it, empty for anybody and anything.
    requires: how many approvers must have signed it, where a safety system is touched.
    """

    start: datetime
    end: datetime
    id: str | None = None
    realm: str = DEFAULT_REALM
    stations: tuple[Member, ...] = ()
    verbs: tuple[VerbName, ...] = ()
    requires: int | None = None
    machines: tuple[Member, ...] = ()
    work_order: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A process value: where it lies, its unit of measure, and the limits outside which it is unsafe.

    device: the device behind the server's address (operations.unit). low, high: in `unit`;
    rate_per_s: fastest safe change, in `unit` per second; step: largest safe change by one write.
    drives: the tag whose value follows this one (a set point's measured value): its limits hold for writes here too.
    margin: a set point nearer to a limit of what it drives, as a share of the safe span, is told.
    reversals_per_min: so many changes of direction a minute wear out what this moves.
    type, octet, word_order: how raw octets or registers hold the number (`float32` in two registers; `octet`: where
    it begins in a block of process data). scale, offset: value in `unit` = raw * scale + offset.
    """

    name: str
    server: Member
    object: str
    realm: str = DEFAULT_REALM
    device: str | None = None
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    rate_per_s: float | None = None
    step: float | None = None
    drives: str | None = None
    margin: float | None = None
    reversals_per_min: float | None = None
    type: ValueType | None = None
    word_order: WordOrder | None = None
    octet: int | None = None
    scale: float | None = None
    offset: float | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlock:
    """Where `when` holds, `then` does too within so many seconds (2 where nothing is said). harm: what it prevents."""

    name: str
    when: ConditionText
    then: ConditionText
    within_s: float | None = None
    harm: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What always holds between tags: two that measure the same, or one that follows from others."""

    name: str
    holds: ConditionText
    within_s: float | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRange:
    """Addresses of a test bench, where nothing can come to harm."""

    network: Member
    realm: str = DEFAULT_REALM
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An accepted finding: in force through the end of the day `until` (UTC)."""

    finding: FindingId
    reason: str
    until: date
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What stands beside the file: the signatures of a window or work order. Nothing in the file itself makes one.

    approvers: whose signatures hold. enough: whether they are as many as must be. problem: what is wrong, as a
    sentence; empty where nothing is.
    """

    id: str
    approvers: tuple[str, ...] = ()
    enough: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The whole file, in the file's order. approvals: not of the file (see Approval)."""

    name: str | None = None
    realms: tuple[Realm, ...] = ()
    zones: tuple[Zone, ...] = ()
    conduits: tuple[Conduit, ...] = ()
    engineering_stations: tuple[EngineeringStation, ...] = ()
    safety_systems: tuple[SafetySystem, ...] = ()
    maintenance_windows: tuple[MaintenanceWindow, ...] = ()
    work_orders: tuple[WorkOrder, ...] = ()
    tags: tuple[Tag, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    relations: tuple[Relation, ...] = ()
    lab_ranges: tuple[LabRange, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    approvals: tuple[Approval, ...] = ()

    @property
    def _machines(self) -> tuple[EngineeringStation | SafetySystem, ...]:
        stations: tuple[EngineeringStation | SafetySystem, ...] = self.engineering_stations
        return stations + self.safety_systems

    def name_of(self, realm: str, address: str) -> str | None:
        """Look up the name that the file gives a machine, or None."""
        named = (m for m in self._machines if m.name and m.realm == realm and covers((m.address,), address))
        return next((m.name for m in named), None)

    def engineering_station(
        self, realm: str, address: str, controller: str | None = None
    ) -> EngineeringStation | None:
        """Find the entry that lets a machine program controllers (this controller, where one is given)."""
        for station in self.engineering_stations:
            theirs = controller is None or not station.controllers or covers(station.controllers, controller)
            if station.realm == realm and theirs and covers((station.address,), address):
                return station
        return None

    def safety_system(self, realm: str, address: str) -> SafetySystem | None:
        """Find the entry that names a machine as part of a safety system, or None."""
        return next(
            (s for s in self.safety_systems if s.realm == realm and covers((s.address,), address)), None
        )

    def zone_of(self, realm: str, address: str) -> Zone | None:
        """Find the zone with the narrowest member that covers a machine; the first of equals."""
        return finder_of(self.zones).of(realm, address) if self.zones else None

    def owns(self, realm: str, address: str) -> bool:
        """Whether the file says that an address belongs to the plant, as network, zone member or machine."""
        parts: list[tuple[str, Iterable[Member]]] = [
            *((r.name, r.networks) for r in self.realms),
            *((m.realm, (m.address,)) for m in self._machines),
        ]
        listed = any(name == realm and covers(members, address) for name, members in parts)
        return listed or self.zone_of(realm, address) is not None

    def in_lab(self, realm: str, address: str) -> bool:
        """Whether a machine stands on the test bench."""
        return any(lab.realm == realm and covers((lab.network,), address) for lab in self.lab_ranges)

    def maintenance(self, realm: str, address: str, time_ns: int) -> MaintenanceWindow | WorkOrder | None:
        """Find the window or work order that covers a machine at an instant (UTC ns since 1970), or None."""
        windows: tuple[MaintenanceWindow | WorkOrder, ...] = self.maintenance_windows
        for entry in windows + self.work_orders:
            inside = utc_ns(entry.start) <= time_ns < utc_ns(entry.end)
            if entry.realm == realm and inside and (not entry.machines or covers(entry.machines, address)):
                return entry
        return None


def utc_ns(instant: datetime) -> int:
    """UTC nanoseconds since 1970, exactly: a float of seconds is off by more than a microsecond."""
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000


def covers(members: Iterable[Member], address: str) -> bool:
    """Whether an address (IP or MAC, with or without `/unit` behind it) is a member or inside one."""
    return any(_covers(member, address) for member in members)


@lru_cache(maxsize=16_384)
def _covers(member: Member, address: str) -> bool:
    machine = address.split("/", 1)[0].lower()
    if member.lower() == machine:
        return True
    network = _network(member)
    if network is None:
        return False
    try:
        return ipaddress.ip_address(machine) in network
    except ValueError:
        return False


@lru_cache(maxsize=4_096)
def _network(member: Member) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(member, strict=False)
    except ValueError:
        return None
