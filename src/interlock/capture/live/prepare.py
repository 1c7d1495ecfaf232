"""Make an interface fit to listen and unable to speak, and undo that.

Nothing is ever to be sent there, neither by a program nor by the kernel itself: first its queue is replaced by one
that drops everything, then what would fill that queue is switched off, then what would hide or change frames. What
was found is on disk before anything is changed, so that a crash in the middle leaves what `undo` needs.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from interlock.capture.live import ethtool, kernel
from interlock.capture.live.link import Link, check_name, grant, look, names
from interlock.capture.live.netlink import Netlink
from interlock.errors import OutputError, PolicyError, SourceError

__all__ = ["Prepared", "Setting", "is_prepared", "prepare", "undo"]

SCHEMA: Final = "interlock/prepared/1"
_FLAGS: Final = {
    "ARP": (kernel.IFF_NOARP, True),
    "multicast": (kernel.IFF_MULTICAST, False),
    "promiscuous": (kernel.IFF_PROMISC, False),
    "up": (kernel.IFF_UP, False),
}
"""setting → its flag, and whether the flag says that it is off."""
_SYSCTLS: Final = {"ipv6/disable_ipv6": "1", "ipv4/rp_filter": "1", "ipv4/forwarding": "0"}
"""The kernel itself is to take nothing for its own that comes in here, whatever address it is sent to: without an
address no source is reachable by this interface, and what comes from elsewhere is then refused (RFC 3704 section
2.2)."""
_QUIET: Final = {"ARP": False, "multicast": False}
_LISTENING: Final = {"promiscuous": True, "up": True}
_FEATURES: Final = (
    *("rx-gro", "rx-gro-hw", "rx-gro-list", "rx-udp-gro-forwarding", "rx-lro"),
    *(
        "tx-tcp-segmentation",
        "tx-tcp6-segmentation",
        "tx-tcp-ecn-segmentation",
        "tx-tcp-mangleid-segmentation",
    ),
    *(
        "tx-generic-segmentation",
        "rx-vlan-hw-parse",
        "rx-vlan-stag-hw-parse",
        "rx-vlan-filter",
        "rx-vlan-stag-filter",
    ),
)
"""What joins frames, splits them, takes tags off or leaves out VLANs, by the kernel's names for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that was set. found, now: as text; equal where it was so already."""

    name: str
    found: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was done to an interface. settings: all that exist here. missing: what this kernel or card cannot do."""

    interface: str
    settings: tuple[Setting, ...]
    missing: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[Setting, ...]:
        """The settings that were otherwise before."""
        return tuple(setting for setting in self.settings if setting.found != setting.now)


def prepare(interface: str, folder: Path, *, take_addresses: bool = False) -> Prepared:
    """Prepare an interface; what was found before is kept below `folder`. Doing it twice changes nothing more.

    take_addresses: take off the IP addresses that it carries (`undo` puts them back).
    Raises PolicyError where it carries one, or the default route, and nobody said so; SourceError where there is
    no such Ethernet interface or this process may not; OutputError where what was found cannot be kept.
    """
    with _Hands(interface) as hands:
        hands.refuse(take_addresses=take_addresses)
        found = hands.found()
        record = _read(interface, folder)
        if record is None or not hands.is_of(record):
            record = {"schema": SCHEMA, "interface": interface, **hands.identity(), "found": found}
            _write(interface, folder, record)
        hands.set_all()
        before, now = record["found"], hands.found()
        return Prepared(interface=interface, settings=_settings(before, now), missing=_missing(now))


def undo(interface: str, folder: Path) -> Prepared:
    """Put back what `prepare` found. Raises SourceError where nothing was prepared or this process may not.

    Where the machine was started anew since, or the interface is another one, there is nothing to put back: only
    the record is removed.
    """
    record = _read(interface, folder)
    if record is None:
        raise SourceError(f"{interface}: was not prepared, so there is nothing to put back")
    with _Hands(interface, may_be_gone=True) as hands:
        if hands.link is None or not hands.is_of(record):
            _path(interface, folder).unlink(missing_ok=True)
            return Prepared(interface=interface, settings=())
        before = hands.found()
        hands.put_back(record["found"])
        now = hands.found()
        _path(interface, folder).unlink(missing_ok=True)
        return Prepared(interface=interface, settings=_settings(before, now))


def is_prepared(interface: str, folder: Path) -> bool:
    """Whether `prepare` left a record of this interface."""
    return _read(interface, folder) is not None


class _Hands:
    """Reads and sets one interface."""

    def __init__(self, interface: str, *, may_be_gone: bool = False) -> None:
        check_name(interface)
        self.interface = interface
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._netlink = Netlink()
        self.link = look(self._socket, interface)
        if self.link is None and not may_be_gone:
            there = ", ".join(names(self._socket)) or "none"
            self.close()
            raise SourceError(f"{interface}: there is no such interface; there are: {there}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, PermissionError):
            raise SourceError(
                f"{self.interface}: preparing it needs the capability CAP_NET_ADMIN; run Interlock as root, "
                f"or grant it once: {grant('CAP_NET_ADMIN')}"
            ) from error
        if isinstance(error, OSError) and error.errno in {errno.ENODEV, errno.ENXIO}:
            raise SourceError(f"{self.interface}: went away; do it again once it is back") from error

    def close(self) -> None:
        self._socket.close()
        self._netlink.__exit__(None, None, None)

    @property
    def _link(self) -> Link:
        assert self.link is not None
        return self.link

    def refuse(self, *, take_addresses: bool) -> None:
        """Raise for what must not be silenced."""
        link = self._link
        if link.hardware != kernel.ARPHRD_ETHER:
            raise SourceError(
                f"{self.interface}: is no Ethernet interface; name the one that the mirror port is plugged into"
            )
        carried = [a.text for a in self._netlink.addresses(link.index) if not a.ip.is_link_local]
        if any(route.default for route in self._netlink.routes(link.index)):
            carried.append("the default route")
        if carried and not take_addresses:
            raise PolicyError(
                f"{self.interface}: carries {', '.join(carried)}, so it is probably the port by which this machine is "
                "managed, and would be cut off; name another interface, or say --take-addresses"
            )

    def identity(self) -> dict[str, Any]:
        """What tells that a later look finds the same interface in the same state: settings end with either."""
        place = Path("/proc/sys/kernel/random/boot_id")
        boot = place.read_text("ascii").strip() if place.exists() else ""
        return {"index": self._link.index, "boot": boot}

    def is_of(self, record: dict[str, Any]) -> bool:
        """Whether a record speaks of this interface."""
        return all(record.get(name) == value for name, value in self.identity().items())

    def found(self) -> dict[str, Any]:
        """All settings as they are, as JSON can keep them; None for what does not exist here."""
        flags = self._flags()
        links, index = self._netlink, self._link.index
        switched = ethtool.features(self._socket, self.interface)
        return {
            "egress": links.queue(index),
            "sysctls": {name: text for name in _SYSCTLS if (text := self._sysctl(name)) is not None},
            **{name: bool(flags & flag) != inverted for name, (flag, inverted) in _FLAGS.items()},
            "features": {name: switched[name] for name in _FEATURES if name in switched},
            "pause": ethtool.pause(self._socket, self.interface),
            "addresses": {a.text: a.body.hex() for a in links.addresses(index) if not a.ip.is_link_local},
            "routes": {r.text: r.body.hex() for r in links.routes(index)},
        }

    def set_all(self) -> None:
        """First what makes it unable to speak, then what makes it hear."""
        index = self._link.index
        try:
            self._netlink.drop_all(index)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.ENOENT, errno.EINVAL}:
                raise
            self._set_flags({"up": False})  # without that queue, leaving groups would be told to the network
        for name, wanted in _SYSCTLS.items():
            self._set_sysctl(name, wanted)
        for address in self._netlink.addresses(index):
            self._netlink.take_address(address.body)
        self._set_flags(_QUIET)
        ethtool.set_features(self._socket, self.interface, dict.fromkeys(_FEATURES, False))
        if (pause := ethtool.pause(self._socket, self.interface)) is not None and pause[2]:
            ethtool.set_pause(self._socket, self.interface, [0, pause[1], 0])
        self._set_flags(_LISTENING)

    def put_back(self, found: dict[str, Any]) -> None:
        """Set everything as `found` says; what was missing then is left alone."""
        index = self._link.index
        if not found["up"]:
            self._set_flags({"up": False})
        ethtool.set_features(self._socket, self.interface, found["features"])
        if found["pause"] is not None:
            ethtool.set_pause(self._socket, self.interface, found["pause"])
        if found["egress"] != "blackhole":
            self._netlink.drop_nothing(index)
        self._set_flags({name: found[name] for name in _FLAGS})
        for name, text in found["sysctls"].items():
            self._set_sysctl(name, text)
        for body in found["addresses"].values():
            self._netlink.put_address(bytes.fromhex(body))
        for body in found["routes"].values():
            with contextlib.suppress(OSError):  # learned ones come again by themselves
                self._netlink.put_route(bytes.fromhex(body))

    def _flags(self) -> int:
        link = look(self._socket, self.interface)
        if link is None:
            raise OSError(errno.ENODEV, "the interface went")
        return link.flags

    def _set_flags(self, wanted: dict[str, bool]) -> None:
        before = flags = self._flags()
        for name, on in wanted.items():
            flag, inverted = _FLAGS[name]
            flags = flags | flag if on != inverted else flags & ~flag
        if flags != before:
            octets = check_name(self.interface)
            fcntl.ioctl(self._socket, kernel.SIOCSIFFLAGS, kernel.FLAGS.pack(octets, flags))

    def _place(self, name: str) -> Path:
        family, _, knob = name.partition("/")
        return Path("/proc/sys/net", family, "conf", self.interface, knob)

    def _sysctl(self, name: str) -> str | None:
        """What a setting of the kernel says, None where it has none of that name, as without IPv6."""
        try:
            return self._place(name).read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def _set_sysctl(self, name: str, wanted: str) -> None:
        if self._sysctl(name) not in {None, wanted}:
            self._place(name).write_text(wanted, "ascii")


def _settings(found: dict[str, Any], now: dict[str, Any]) -> tuple[Setting, ...]:
    before, after = _texts(found), _texts(now)
    return tuple(
        Setting(name=name, found=before.get(name, "none"), now=after.get(name, "none"))
        for name in dict.fromkeys([*before, *after])
    )


def _texts(found: dict[str, Any]) -> dict[str, str]:
    """The settings that exist, each as a person reads it."""
    texts = {"egress": "dropped" if found["egress"] == "blackhole" else found["egress"] or "default"}
    texts |= found["sysctls"]
    texts |= {name: "on" if found[name] else "off" for name in _FLAGS}
    texts |= {name: "on" if on else "off" for name, on in found["features"].items()}
    if found["pause"] is not None:
        texts["pause frames sent"] = "on" if found["pause"][2] else "off"
    for kind, of in (("address", "addresses"), ("route", "routes")):
        texts |= {f"{kind} {text}": "there" for text in found[of]}
    return texts


def _missing(now: dict[str, Any]) -> tuple[str, ...]:
    """What could not be had, though it should."""
    absent = []
    if now["egress"] != "blackhole":
        absent.append(
            "a queue that drops what programs send (this kernel has none): let no program use this interface"
        )
    left = [name for name, on in now["features"].items() if on]
    if left:
        absent.append(f"switching off {', '.join(left)} (the card's driver refuses)")
    if now["pause"] is not None and now["pause"][2]:
        absent.append("switching off pause frames (the card's driver refuses)")
    return tuple(absent)


def _path(interface: str, folder: Path) -> Path:
    return folder / "prepared" / f"{interface}.json"


def _read(interface: str, folder: Path) -> dict[str, Any] | None:
    check_name(interface)
    path = _path(interface, folder)
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{path}: what was found on {interface} cannot be read ({error}); remove it to begin anew"
        ) from error
    if record.get("schema") != SCHEMA:
        raise SourceError(f"{path}: is no record of a prepared interface; remove it to begin anew")
    return record


def _write(interface: str, folder: Path, record: dict[str, Any]) -> None:
    """Keep the record: it is on disk whole before this returns."""
    path = _path(interface, folder)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with part.open("w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        place = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{path}: cannot be written ({reason}), so nothing was changed; say where with INTERLOCK_STATE"
        ) from error
