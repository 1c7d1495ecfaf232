"""What Suricata says of captures, in a root folder of its own: one process asked over its socket, or one for each."""

from __future__ import annotations

import json
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.plant.twin.mirror import PCAP_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Alert", "NotStartedError", "Suricata", "between"]

_MOUNT: Final = 'mount -t proc proc "$1/proc"; shift; exec chroot "$@"'
_PARSERS: Final = ("modbus", "dnp3", "enip")
_TRANSPORTS: Final = {"IPV6-ICMP": "ICMP6"}
"""Its names of transports, where they are not ours."""
_START_S: Final = 120.0
_PCAPNG: Final = b"\n\r\r\n"
_UNREAD: Final = re.compile(r"Failed to init pcap file /[^/]+/([0-9]+)[.]")
_AT_ONCE: Final = 255
"""Alerts of one packet, where many rules are made for one: the most that may be configured."""


class NotStartedError(SystemExit):
    """It does not start with these rules: some make its own engine fail."""


class Alert(NamedTuple):
    """Rule (id) and conversation: transport in upper letters, both ends in order, ports 0 where there are none."""

    capture: str
    sid: int
    transport: str
    ends: tuple[tuple[str, int], tuple[str, int]]


class Said(NamedTuple):
    """alerts: with their numbers. wrong: what it says against rules. unread: captures that it does not read."""

    alerts: Counter[Alert]
    wrong: list[str]
    unread: frozenset[str]


def between(one: tuple[str, int], other: tuple[str, int]) -> tuple[tuple[str, int], tuple[str, int]]:
    """Two ends in order."""
    first, last = sorted((one, other))
    return first, last


class Suricata:
    """root: as scripts/suricata_root.sh makes it. variables: what rules' variables mean, by name."""

    def __init__(
        self, root: Path, variables: Mapping[str, str], *, alone: bool = False, many: bool = False
    ) -> None:
        """alone: a process for each capture (`suricata -r`, threads as it likes): rules are loaded for each.

        many: it tells as many alerts of one packet as it can, not 15.
        """
        self._root = root
        self._alone = alone
        self._many = many
        self._folder = root
        self._variables = variables

    def alerts(
        self,
        captures: Mapping[str, Path],
        rules: str,
        midstream: str,
        arguments: Sequence[str],
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> Said:
        """captures: by name. midstream: no or yes. beside: text of files that lie beside the rules, by their names."""
        self._folder = Path(tempfile.mkdtemp(prefix="beside-", dir=self._root))
        self._folder.chmod(0o755)
        (self._folder / "all.rules").write_text(rules, "utf-8", "surrogateescape")
        for name, text in beside.items():
            (self._folder / name).write_text(text)
        (self._folder / "suricata.yaml").write_text(self._configured(midstream))
        for number, path in enumerate(captures.values()):
            (self._folder / f"{number}.out").mkdir()
            _laid(path, self._folder / f"{number}.pcap")
        numbers = range(len(captures))
        if self._alone:
            self._each(numbers, arguments)
        else:
            self._together(numbers, arguments)
        told: Counter[Alert] = Counter()
        for number, name in enumerate(captures):
            told.update(_read(name, self._folder / f"{number}.out" / "eve.json"))
        log = self._logged()
        names = list(captures)
        unread = frozenset(names[int(number)] for number in _UNREAD.findall(log))
        shutil.rmtree(self._folder)
        wrong = [line for line in log.splitlines() if "rror" in line and "signature" in line]
        return Said(told, wrong, unread)

    def _together(self, numbers: Iterable[int], arguments: Sequence[str]) -> None:
        """A capture that it cannot read may end it: then once more without that."""
        left = set(numbers) - self._unread()
        try:
            with self._running(arguments) as ask:
                for number in sorted(left):
                    ask(
                        "pcap-file",
                        {
                            "filename": f"/{self._folder.name}/{number}.pcap",
                            "output-dir": f"/{self._folder.name}/{number}.out",
                        },
                    )
                while ask("pcap-file-number") or ask("pcap-current") != "None":
                    time.sleep(0.2)
        except ConnectionError:
            if not left & self._unread():
                raise
            self._together(left, arguments)

    def _unread(self) -> set[int]:
        return {int(number) for number in _UNREAD.findall(self._logged())}

    def _each(self, numbers: Iterable[int], arguments: Sequence[str]) -> None:
        for number in numbers:
            where = ("-r", f"/{self._folder.name}/{number}.pcap", "-l", f"/{self._folder.name}/{number}.out")
            with (self._folder / "log").open("ab") as log:
                ended = subprocess.run(
                    [*self._command(), *where, *arguments], check=False, stdout=log, stderr=log
                )
            if ended.returncode and not _UNREAD.search(self._logged()):
                raise SystemExit(f"Suricata does not end well: {self._logged()[-2000:]}")

    def _configured(self, midstream: str) -> str:
        """As it is delivered, but for readers of control protocols, which are off there, and what it writes."""
        said = yaml.load((self._root / "etc/suricata/suricata.yaml").read_text(), Loader=yaml.BaseLoader)
        said["outputs"] = [{"eve-log": {"enabled": "yes", "filename": "eve.json", "types": ["alert"]}}]
        said["stats"] = {"enabled": "no"}
        if self._many:
            said["packet-alert-max"] = str(_AT_ONCE)
        said["stream"]["midstream"] = midstream
        said["threshold-file"] = f"/{self._folder.name}/threshold.conf"
        for name in _PARSERS:
            said["app-layer"]["protocols"][name]["enabled"] = "yes"
        for name, meant in self._variables.items():
            said["vars"]["port-groups" if name.endswith("_PORTS") else "address-groups"].setdefault(
                name, meant
            )
        # Quoted, a word that switches something on is none to it.
        text = yaml.dump(said, sort_keys=False).replace(": 'yes'", ": yes").replace(": 'no'", ": no")
        return f"%YAML 1.1\n---\n{text}"

    def _command(self) -> list[str]:
        return [
            *("unshare", "--mount", "sh", "-c", _MOUNT, "sh", str(self._root), str(self._root), "suricata"),
            *("-c", f"/{self._folder.name}/suricata.yaml", "-S", f"/{self._folder.name}/all.rules"),
        ]

    def _logged(self) -> str:
        log = self._folder / "log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    @contextmanager
    def _running(self, arguments: Sequence[str]) -> Iterator[Any]:
        """It runs; what is yielded asks it one thing and gives its answer."""
        command = [
            *(*self._command(), f"--unix-socket=/{self._folder.name}/socket", "--runmode", "single"),
            *("-l", f"/{self._folder.name}", *arguments),
        ]
        with (
            (self._folder / "log").open("ab") as log,
            subprocess.Popen(command, stdout=log, stderr=log) as process,
        ):
            try:
                with closing(self._connected(process)) as connection:
                    ask = _asker(connection)
                    yield ask
                    ask("shutdown")
            except BaseException:
                process.kill()
                raise

    def _connected(self, process: subprocess.Popen[bytes]) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        until = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < until:
            try:
                connection.connect(str(self._folder / "socket"))
            except OSError:
                time.sleep(0.2)
                continue
            connection.sendall(b'{"version": "0.2"}\n')
            _answer(connection)
            return connection
        raise NotStartedError(f"Suricata does not start: {self._logged()[-2000:]}")


def _laid(path: Path, to: Path) -> None:
    """The capture where Suricata reads it; pcapng written anew: libpcap reads none whose interfaces differ."""
    with path.open("rb") as file:
        if file.read(4) != _PCAPNG:
            shutil.copy(path, to)
            return
    with open_sources(specify((str(path),), ())) as run, to.open("wb") as file:
        for frames in run:
            if not file.tell():
                file.write(PCAP_HEADER[:-4] + struct.pack("<I", frames.linktype[0]))
            if (frames.linktype != frames.linktype[0]).any():
                raise SystemExit(f"{path}: frames of several link types; leave it out")
            for begin, held, sent, time_ns in zip(
                frames.offset, frames.caplen, frames.wirelen, frames.time, strict=True
            ):
                file.write(struct.pack("<IIII", *divmod(time_ns, 1_000_000_000), held, sent))
                file.write(frames.octets[begin : begin + held].tobytes())


def _asker(connection: socket.socket) -> Any:
    def ask(command: str, arguments: Mapping[str, str] | None = None) -> Any:
        connection.sendall(json.dumps({"command": command, "arguments": arguments or {}}).encode() + b"\n")
        return _answer(connection)

    return ask


def _answer(connection: socket.socket) -> Any:
    octets = b""
    while not octets.endswith(b"\n"):
        more = connection.recv(65_536)
        if not more:
            raise ConnectionResetError("Suricata closed its socket")
        octets += more
    said = json.loads(octets)
    if said["return"] != "OK":
        raise SystemExit(f"Suricata says {said['message']}")
    return said.get("message")


def _read(name: str, path: Path) -> Counter[Alert]:
    told: Counter[Alert] = Counter()
    if path.exists():
        for line in path.read_text().splitlines():
            said = json.loads(line)
            ends = between(
                (str(ip_address(said["src_ip"])), said.get("src_port", 0)),
                (str(ip_address(said["dest_ip"])), said.get("dest_port", 0)),
            )
            transport = _TRANSPORTS.get(said["proto"].upper(), said["proto"].upper())
            told[Alert(name, said["alert"]["signature_id"], transport, ends)] += 1
    return told
