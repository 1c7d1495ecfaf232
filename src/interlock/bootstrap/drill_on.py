"""A drill on the user's own traffic: scenarios of the practice plant, at addresses of machines that play its roles."""

from __future__ import annotations

import heapq
import ipaddress
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlock.bootstrap import build_engine
from interlock.bootstrap.detecting import build_runner
from interlock.bootstrap.drilling import BEGINS_MINUTE, LASTS, LASTS_ELSE, SECOND_NS, Film, inventory_of
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.detect.interface import Context
from interlock.errors import SourceError
from interlock.inventory.inventory import TABLES as INVENTORY_TABLES
from interlock.pipeline.drill.readdress import readdressed
from interlock.pipeline.drill.record import Skipped, document
from interlock.pipeline.drill.rehearsal import Rehearsal
from interlock.pipeline.drill.score import score
from interlock.pipeline.sensor.kept import wanted_tables
from interlock.pipeline.sensor.urgency import PRESSING
from interlock.plant.attacks.table import scenario
from interlock.plant.machines import BY_NAME
from interlock.plant.twin.recording import Twin
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from interlock.bootstrap.detecting import Judgement
    from interlock.decode.engine import Batches
    from interlock.detect.runner import Runner
    from interlock.pipeline.drill.score import Row
    from interlock.records.asset import Asset
    from interlock.records.site import Site

__all__ = ["drill_on"]

MOST_FRAMES: Final = 2_000_000
_MOST_MACHINES: Final = 65_536
_ETHERNET: Final = 1
"""LINKTYPE_ETHERNET."""
_SOURCE: Final = (Source(name="drill"),)
_SPEAKS: Final = {
    "plc-water": ("modbus",), "drive-pump": ("modbus",), "plc-boiler": ("s7comm",), "plc-filler": ("cip", "enip"),
    "plc-pasteuriser": ("opcua",), "safety-boiler": ("tristation",), "hvac-hall": ("bacnet",),
    "rtu-feeder": ("iec104",), "rtu-well": ("dnp3",), "rio-boiler": ("profinet",),
}  # fmt: skip
"""Role → protocols of which its player must serve one."""
_ASKS: Final = ("hmi", "historian", "engineering")
_SOMEBODY: Final = ("vendor-laptop", "outside", "switch")
"""Played by addresses that nobody has here."""

Ends = dict[str, tuple[bytes, bytes]]
Frame = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """The user's traffic. frames: in time order. middle: when attacks begin (UTC ns). state: what was learned.

    borne: IP → hardware address that its packets have here; a router's, where the machine is behind one.
    """

    frames: list[Frame]
    middle: int
    assets: tuple[Asset, ...]
    borne: dict[str, bytes]
    site: Site
    state: bytes | None
    judgement: Judgement | None


def drill_on(
    path: str,
    names: Sequence[str],
    seed: int,
    site: Site,
    judgement: Judgement | None,
    tick: Callable[[str, float], None] = lambda _what, _share: None,
) -> dict[str, Any]:
    """The record of scenarios in a capture. Without what was learned before, its first half is. Raises SourceError."""
    ground = _ground(path, site, judgement, tick)
    quiet = {one.finding.id for one in _judged(ground, ()).said}
    rows: list[Row] = []
    skipped: list[Skipped] = []
    for name in names:
        tick(name, 0.0)
        ends = _cast(name, ground.assets, ground.borne)
        if isinstance(ends, str):
            skipped.append(Skipped(scenario=name, reason=ends))
        else:
            rows.append(_row(name, seed, ground, ends, quiet))
        tick(name, 1.0)
    return document(rows, None, seed=seed, skipped=skipped, on=path, latency_why="not measured in a capture")


def _ground(
    path: str, site: Site, judgement: Judgement | None, tick: Callable[[str, float], None]
) -> _Ground:
    frames: list[Frame] = []
    with open_sources(specify((path,), ())) as run:
        for batch in run:
            if (other := batch.linktype[batch.linktype != _ETHERNET]).size:
                raise SourceError(
                    f"{path}: has frames that are no Ethernet (link type {other[0]}), where no attack can be played; "
                    "name a capture of a mirror port"
                )
            octets = batch.octets.data
            rows = zip(batch.time.tolist(), batch.offset.tolist(), batch.caplen.tolist(), strict=True)
            frames += [(when, bytes(octets[at : at + size])) for when, at, size in rows]
            if len(frames) > MOST_FRAMES:
                raise SourceError(f"{path}: has more than {MOST_FRAMES:,} frames; cut a part out of it")
    if not frames:
        raise SourceError(f"{path}: has no frame to drill on")
    frames.sort(key=lambda frame: frame[0])
    middle = (frames[0][0] + frames[-1][0]) // 2
    learns = judgement is None or judgement.state is None
    state, assets = _learned(frames, middle if learns else 0, site, judgement)
    tick("reading your traffic", 1.0)
    return _Ground(
        frames=[frame for frame in frames if not learns or frame[0] >= middle],
        middle=middle, assets=assets, borne=_borne(frames), site=site,
        state=state if learns else None, judgement=judgement,
    )  # fmt: skip


def _learned(
    frames: list[Frame], until: int, site: Site, judgement: Judgement | None
) -> tuple[bytes, tuple[Asset, ...]]:
    """What the frames before `until` teach, and who is there at the end of all of them."""
    runner, inventory = build_runner(judgement), inventory_of(site)
    for now, batches in _decoded([frame for frame in frames if frame[0] < until], runner):
        for name, rows in batches.items():
            runner.learn(name, rows, Context(site=site, now=now))
    for _, batches in _decoded(frames, runner):
        for name in INVENTORY_TABLES & batches.keys():
            inventory.feed(name, batches[name])
    return runner.learned(), inventory.directory(frames[-1][0]).assets


def _decoded(frames: list[Frame], runner: Runner) -> Iterator[tuple[int, Batches]]:
    """What frames show, second by second, and at last what only their end shows: conversations that go on."""
    film, now = Film(), 0
    engine = build_engine(_SOURCE, wanted=wanted_tables(runner.needs), read=runner.needs)
    for piece, now in _seconds(frames):
        film.write(_pcap(piece))
        batch = film.batch()
        yield now, engine.feed(batch) if batch is not None else {}
    for batches in engine.finish():
        yield now, batches


def _borne(frames: Iterable[Frame]) -> dict[str, bytes]:
    """IP → hardware address from which its packets come, of the first ones of each."""
    borne: dict[bytes, bytes] = {}
    for _, octets in frames:
        at = 16 if octets[12:14] == b"\x81\x00" else 12
        if octets[at : at + 2] == b"\x08\x00" and len(octets) >= at + 22 and len(borne) < _MOST_MACHINES:
            borne.setdefault(octets[at + 14 : at + 18], octets[6:12])
    return {str(ipaddress.IPv4Address(ip)): mac for ip, mac in borne.items()}


def _cast(name: str, assets: tuple[Asset, ...], borne: dict[str, bytes]) -> Ends | str:
    """Role → hardware address and IP of the machine that plays it; else a sentence on who is missing."""
    about, taken, ends = scenario(name), set[str](), Ends()
    usable = [a for a in assets if a.parent is None and _place(a, borne) is not None]
    for role in dict.fromkeys((*about.victims, about.attacker)):
        if role in _SOMEBODY:
            continue
        wanted = _SPEAKS.get(role)
        fits = [a for a in usable if a.id not in taken and (_serves(a, wanted) if wanted else _asks(a))]
        if not fits and len(about.victims) > len(_SPEAKS):
            continue  # a sweep takes whoever there is
        if not fits:
            return (
                f"no machine here serves {' or '.join(wanted)}" if wanted else "no machine here asks others"
            )
        taken.add(fits[0].id)
        place = _place(fits[0], borne)
        if place is not None:
            ends[role] = place
    if not usable:
        return "no machine here has a hardware address and an IPv4 address"
    used = {ip for a in assets for ip in a.ips}
    near = next(ip for ip in usable[0].ips if "." in ip)
    free = (str(ip) for ip in ipaddress.ip_network(f"{near}/24", strict=False).hosts() if str(ip) not in used)
    for number, (role, machine) in enumerate(BY_NAME.items()):
        if role not in ends:
            outside = machine.ip if role == "outside" else next(free, machine.ip)
            ends[role] = _octets(f"02:00:5e:10:00:{number:02x}", outside)
    return ends


def _place(asset: Asset, borne: dict[str, bytes]) -> tuple[bytes, bytes] | None:
    """Hardware address and IPv4 address at which a machine is met here; None where either is not known."""
    ip = next((ip for ip in asset.ips if "." in ip), None)
    if ip is None:
        return None
    own = bytes.fromhex(asset.macs[0].replace(":", "")) if asset.macs else borne.get(ip)
    return None if own is None else (own, ipaddress.IPv4Address(ip).packed)


def _serves(asset: Asset, protocols: tuple[str, ...]) -> bool:
    return any(protocol in asset.served for protocol in protocols)


def _asks(asset: Asset) -> bool:
    return bool(set(asset.used) - {"arp", "lldp", "mdns", "dhcp", "dns"}) and asset.role not in {
        "plc",
        "switch",
    }


def _octets(mac: str, ip: str) -> tuple[bytes, bytes]:
    return bytes.fromhex(mac.replace(":", "")), ipaddress.IPv4Address(ip).packed


def _row(name: str, seed: int, ground: _Ground, ends: Ends, quiet: set[str]) -> Row:
    played, truth = _played(name, seed)
    shift = ground.middle + 5 * SECOND_NS - _ns(truth["begin"])
    macs = {BY_NAME[role].end.mac: mac for role, (mac, _) in ends.items() if role != "outside"}
    ips = {BY_NAME[role].end.ip: ip for role, (_, ip) in ends.items()}
    injected = [(when + shift, readdressed(octets, macs, ips)) for when, octets in played]
    rehearsal = _judged(ground, injected)
    addresses = {role: (str(ipaddress.IPv4Address(ip)), mac.hex(":")) for role, (mac, ip) in ends.items()}
    moved = {key: _text(_ns(truth[key]) + shift) for key in ("begin", "detectable_from") if truth[key]}
    whole = {**truth, **moved, "frames": _numbers(ground.frames, injected)}
    return score(whole, rehearsal.said, quiet, addresses, rehearsal.incidents)


def _played(name: str, seed: int) -> tuple[list[Frame], dict[str, Any]]:
    """The frames that a scenario causes in the practice plant, and its truth."""
    film, frames = Film(), list[Frame]()
    twin = Twin(film.file, seed)
    twin.attack(name, BEGINS_MINUTE)
    for _ in twin.run(LASTS.get(name, LASTS_ELSE)):
        batch = film.batch()
        if batch is not None:
            octets = batch.octets.data
            rows = zip(batch.time.tolist(), batch.offset.tolist(), batch.caplen.tolist(), strict=True)
            frames += [(when, bytes(octets[at : at + size])) for when, at, size in rows]
    (truth,) = (told for case in twin.cases if (told := case.truth()))
    return [frames[number - 1] for number in truth["frames"]], truth


def _judged(ground: _Ground, injected: Sequence[Frame]) -> Rehearsal:
    film, runner = Film(), build_runner(ground.judgement)
    if ground.state is not None:
        runner.know(ground.state)
    engine = build_engine(_SOURCE, wanted=wanted_tables(runner.needs), read=runner.needs, pending=PRESSING)
    rehearsal = Rehearsal(engine, runner, inventory_of(ground.site), ground.site)
    for piece, now in _seconds(heapq.merge(ground.frames, injected, key=lambda frame: frame[0])):
        film.write(_pcap(piece))
        rehearsal.feed(film.batch(), now)
    rehearsal.finish()
    return rehearsal


def _numbers(own: Sequence[Frame], injected: Sequence[Frame]) -> list[int]:
    """Numbers (from 1) of the injected ones among all: a stable merge, own ones first at equal times."""
    marked = heapq.merge(((w, 0) for w, _ in own), ((w, 1) for w, _ in injected), key=lambda one: one[0])
    return [number for number, (_, mark) in enumerate(marked, 1) if mark]


def _seconds(frames: Iterable[Frame]) -> Iterator[tuple[list[Frame], int]]:
    """Frames of the same second, and its end."""
    piece: list[Frame] = []
    for frame in frames:
        if piece and frame[0] // SECOND_NS != piece[0][0] // SECOND_NS:
            yield piece, (piece[0][0] // SECOND_NS + 1) * SECOND_NS
            piece = []
        piece.append(frame)
    if piece:
        yield piece, (piece[0][0] // SECOND_NS + 1) * SECOND_NS


def _pcap(frames: Iterable[Frame]) -> bytes:
    heads = ((struct.pack("<IIII", w // SECOND_NS, w % SECOND_NS, len(o), len(o)), o) for w, o in frames)
    return b"".join(part for pair in heads for part in pair)


def _ns(text: str) -> int:
    whole, _, rest = text.removesuffix("Z").partition(".")
    return round(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * SECOND_NS + int(rest)


def _text(when: int) -> str:
    whole, rest = divmod(when, SECOND_NS)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
