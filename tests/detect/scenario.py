"""A plant where everything goes wrong: rows for which every detector has something to say."""

from __future__ import annotations

from typing import Any

from . import test_refusals
from .credentials.test_password_guessing import GUESSED
from .credentials.test_shared_secret import REUSED
from .programs.test_program_compare import LOADED
from .rows import SECOND, START
from .safety.test_replayed_writes import OTHER, control, replay
from .test_dcp_change import SET
from .test_default_community import PUBLIC
from .test_duplicate_address import BOTH
from .test_name_tunnel import carrying
from .test_public_address import CLOUD, SERVES
from .test_publisher_silence import PUBLISHED
from .test_routed_control import ACROSS, MANY
from .test_sweep import knocks

__all__ = ["SITE", "scenario"]

CALLS = [{"at": 700 + n / 10, "client": "10.0.0.77", "state": "opened"} for n in range(90)]

SITE = """
[[zones]]
name = "panels"
members = ["10.0.0.9"]
sl_t = 2

[[zones]]
name = "cell"
members = ["10.0.0.2", "10.0.0.3", "10.0.0.5"]
sl_t = 2

[[conduits]]
name = "panels to cell"
from = ["panels"]
to = ["cell"]
protocols = ["modbus"]
verbs = ["read"]
objects = ["holding:0..9"]

[[safety_systems]]
address = "10.0.0.5"

[[relations]]
name = "pressure and level"
holds = "drum.pressure < 12 or drum.level > 50"

[[work_orders]]
id = "WO-1"
start = 2026-03-02T06:00:00Z
end = 2026-03-02T06:00:30Z
stations = ["10.0.0.9"]
machines = ["10.0.0.3"]
verbs = ["program-read"]

[[tags]]
name = "drum.pressure"
server = "10.0.0.2"
object = "input:0"
unit = "bar"
low = 0
high = 10

[[tags]]
name = "drum.level"
server = "10.0.0.2"
object = "input:1"

[[tags]]
name = "drum.pressure_setpoint"
server = "10.0.0.2"
object = "holding:4"
unit = "bar"
drives = "drum.pressure"
step = 2

[[tags]]
name = "valve"
server = "10.0.0.2"
object = "coil:7"
low = 0
high = 1
"""
"""What the site file says of it."""


DOUBLED = {
    "client": "00:1b:1b:00:00:02", "server": "00:1b:1b:00:00:03", "transport": "eth/0x8892", "protocol": "profinet-rt",
    "server_port": None, "client_port": None, "state": None, "at": 0, "last": START + 600 * SECOND,
    "client_packets": 600, "server_packets": 1100,
}  # fmt: skip
"""A message a second from one machine, two in the name of the other."""


FORGED = [
    {
        "client": mac,
        "client_mac": mac,
        "server": "ff:ff:ff:ff:ff:ff",
        "transport": "eth/0x0806",
        "at": 0.1 * n,
    }
    for n in range(160)
    for mac in [f"{4 * (n % 60):02x}:{n:02x}:5e:10:20:30"]
]
"""Senders of whom no two have one maker's number, within 16 s."""


def scenario() -> dict[str, list[dict[str, Any]]]:
    """Table → rows in time order, frames numbered per table, operations numbered."""
    refusals = test_refusals.minutes(*[(30, 0)] * 7, (30, 25), outcome="no-answer", server="10.0.0.44")
    operations = [
        *refusals,
        *({**ACROSS, "at": n, "verb": "write"} for n in range(30)),
        {
            "verb": "program-write",
            "protocol": "s7comm",
            "at": 3,
            "user": "eng",
            "outcome": "pending",
            "operation": 7,
        },
        {"verb": "program-write", "protocol": "s7comm", "at": 4, "user": "eng", "operation": 7},
        {"verb": "force", "protocol": "cip", "at": 40, "server": "10.0.0.5"},
        {"verb": "stop", "protocol": "cip", "at": 400, "source": "b.pcap", "outcome": "refused"},
        {
            "verb": "write",
            "at": 50,
            "server": "10.0.0.5",
            "object": "holding:1",
            "count": 1,
            "outcome": "refused",
            "code": 2,
        },
        {**SET, "object": "name-of-station", "at": 9},
        {"at": 10, "item": 1, "items": 2},
        {"at": 11, "frame": None, "response_frame": 77},
        *({"at": 500 + n, "latency": 2 * SECOND} for n in range(20)),
        {"at": 530, "protocol": "dhcp", "server": "10.0.0.78", "verb": "configure", "outcome": "ok"},
        *({"at": 540 + n, "protocol": "dns", "server": "10.0.0.1", "verb": "discover", "object": carrying(n)}
          for n in range(40)),
        *({**PUBLISHED, "at": 500 + n} for n in range(30)),
        {"at": 450, "protocol": "dnp3", "function_name": "DISABLE_UNSOLICITED", "verb": "alarm-suppress"},
    ]  # fmt: skip
    return {
        "operations": _numbered(operations, "operation"),
        "flows": _numbered(
            [
                *(SERVES, CLOUD, DOUBLED, *CALLS, *FORGED),
                *(*knocks(14), *knocks(14, source="b.pcap", client="10.0.0.66")),
            ],
            "flow",
        ),
        "clues": _numbered([*MANY, *BOTH, {"who": "10.0.0.9", "field": "ttl", "value": "64-1"}]),
        "values": _numbered(_values(), "operation"),
        "oddities": _numbered([{"at": n, "source": "ab"[n % 2] + ".pcap"} for n in range(60)]),
        "artifacts": _numbered(LOADED),
        "credentials": _numbered(
            [{"user": "admin", "known": "default"}, PUBLIC, {"scheme": "anonymous"}, *GUESSED, *REUSED]
        ),
        "tls": _numbered(
            [{"version": "TLSv1", "suite": "TLS_RSA_WITH_RC4_128_SHA"}, {"not_after": START - SECOND}, {}]
        ),
        "goose": _numbered(
            [
                {
                    "at": n,
                    "st_num": 900 if n == 7 else 4,
                    "sq_num": n,
                    "all_data": f"[{n > 15}]",
                    "time_allowed_to_live": 2000,
                }
                for n in range(20)
            ]
        ),
        "opcua_sessions": _numbered([{"policy": "None", "mode": "None", "token": "anonymous"}, ACROSS]),
    }


def _values() -> list[dict[str, Any]]:
    """A set point that creeps, then leaps beyond the limit; a valve that two stations hammer; a replay."""
    written = {"direction": "written", "object": "holding:4"}
    drive = [{**row, "server": "10.0.0.8"} for row in control(80)]
    return [
        *drive,
        *replay(drive[10:25], OTHER, 60.5),
        *({"object": "input:0", "number": [6.0 + 0.01 * (n % 7), 3.0], "at": n} for n in range(300)),
        *({"object": "input:20", "number": [5.0 * ("8" in who)], "at": n, "client": f"10.0.0.{who}"}
          for n in range(130) for who in ("8", "9")),
        *({**written, "number": [6.0 + 0.2 * n], "at": 20 * n + 0.5} for n in range(12)),
        {**written, "number": [11.0], "at": 290.5},
        {"object": "input:9", "number": [900.0, 3], "at": 505.5},
        *(
            {"object": "input:9", "number": [0.37 * (n % 13), n % 13 % 11], "at": 510.5 + n}
            for n in range(120)
        ),
        *({"object": "input:0", "number": [min(9.0 + n, 14)], "at": 300 + n} for n in range(200)),
        *(
            {**written, "object": "coil:0", "number": [0.0] * 7 + [float(n & 1)], "at": 100.25 + n}
            for n in range(20)
        ),
        *(
            {**written, "object": "coil:7", "number": [0.0], "at": 106.75 + n, "client": "10.0.0.77"}
            for n in range(10)
        ),
    ]  # fmt: skip


def _numbered(rows: list[dict[str, Any]], column: str | None = None) -> list[dict[str, Any]]:
    """Frames (and ids) by position, so that a row means the same wherever a batch begins."""
    numbered = []
    for number, row in enumerate(sorted(rows, key=lambda r: r.get("at", 0)), 1):
        own = {"frame": number, "first_frame": number, "at": row.get("at", number)}
        numbered.append({**own, **({column: 1000 + number} if column else {}), **row})
    return numbered
