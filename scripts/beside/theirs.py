"""What Suricata says of captures: one process for all of them, asked over its socket, in a root folder of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Alert", "Suricata", "between"]

_WORK: Final = "beside"
_MOUNT: Final = 'mount -t proc proc "$1/proc"; shift; exec chroot "$@"'
_PARSERS: Final = ("modbus", "dnp3", "enip")
_START_S: Final = 120.0


class Alert(NamedTuple):
    """Rule (id) and conversation: transport in upper letters, both ends in order, ports 0 where there are none."""

    capture: str
    sid: int
    transport: str
    ends: tuple[tuple[str, int], tuple[str, int]]


def between(one: tuple[str, int], other: tuple[str, int]) -> tuple[tuple[str, int], tuple[str, int]]:
    """Two ends in order."""
    first, last = sorted((one, other))
    return first, last


class Suricata:
    """root: as scripts/suricata_root.sh makes it. variables: what rules' variables mean, by name."""

    def __init__(self, root: Path, variables: Mapping[str, str]) -> None:
        self._root = root
        self._folder = root / _WORK
        self._variables = variables

    def alerts(
        self, captures: Mapping[str, Path], rules: str, midstream: str, arguments: Sequence[str]
    ) -> tuple[Counter[Alert], list[str]]:
        """Alerts with their numbers, and what it says against rules. captures: by name. midstream: no or yes."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        (self._folder / "all.rules").write_text(rules, "utf-8", "surrogateescape")
        (self._folder / "suricata.yaml").write_text(self._configured(midstream))
        for number, path in enumerate(captures.values()):
            (self._folder / f"{number}.out").mkdir()
            shutil.copy(path, self._folder / f"{number}.pcap")
        with self._running(arguments) as ask:
            for number in range(len(captures)):
                ask(
                    "pcap-file",
                    {"filename": f"/{_WORK}/{number}.pcap", "output-dir": f"/{_WORK}/{number}.out"},
                )
            while ask("pcap-file-number") or ask("pcap-current") != "None":
                time.sleep(0.2)
        told: Counter[Alert] = Counter()
        for number, name in enumerate(captures):
            told.update(_read(name, self._folder / f"{number}.out" / "eve.json"))
        log = (self._folder / "log").read_text("utf-8", "replace")
        shutil.rmtree(self._folder)
        return told, [line for line in log.splitlines() if "rror" in line and "signature" in line]

    def _configured(self, midstream: str) -> str:
        """As it is delivered, but for readers of control protocols, which are off there, and what it writes."""
        said = yaml.load((self._root / "etc/suricata/suricata.yaml").read_text(), Loader=yaml.BaseLoader)
        said["outputs"] = [{"eve-log": {"enabled": "yes", "filename": "eve.json", "types": ["alert"]}}]
        said["stats"] = {"enabled": "no"}
        said["stream"]["midstream"] = midstream
        for name in _PARSERS:
            said["app-layer"]["protocols"][name]["enabled"] = "yes"
        for name, meant in self._variables.items():
            said["vars"]["port-groups" if name.endswith("_PORTS") else "address-groups"].setdefault(
                name, meant
            )
        # Quoted, a word that switches something on is none to it.
        text = yaml.dump(said, sort_keys=False).replace(": 'yes'", ": yes").replace(": 'no'", ": no")
        return f"%YAML 1.1\n---\n{text}"

    @contextmanager
    def _running(self, arguments: Sequence[str]) -> Iterator[Any]:
        """It runs; what is yielded asks it one thing and gives its answer."""
        command = [
            *("unshare", "--mount", "sh", "-c", _MOUNT, "sh", str(self._root), str(self._root), "suricata"),
            *("-c", f"/{_WORK}/suricata.yaml", "-S", f"/{_WORK}/all.rules", f"--unix-socket=/{_WORK}/socket"),
            *("--runmode", "single", "-l", f"/{_WORK}", *arguments),
        ]
        with (
            (self._folder / "log").open("wb") as log,
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
        raise SystemExit(
            f"Suricata does not start: {(self._folder / 'log').read_text('utf-8', 'replace')[-2000:]}"
        )


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
            raise SystemExit("Suricata closed its socket")
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
                (said["src_ip"], said.get("src_port", 0)), (said["dest_ip"], said.get("dest_port", 0))
            )
            told[Alert(name, said["alert"]["signature_id"], said["proto"].upper(), ends)] += 1
    return told
