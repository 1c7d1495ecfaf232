"""TriStation over UDP: how an engineering workstation programs a Triconex safety controller.

    | type 1 | channel 1 | length 2 | command message, where the type is 5 | CRC 2 |              octets little endian
    command message   path 1 | connection 1 | command 1 | sequence 1 | - 2 | checksum 2 | length 2 | data |

Path is 0 to the controller and 1 from it. A command below 100 asks, one from 100 on answers; 100 and those from 200 on
refuse. One command is open at a time. Source: the published analyses of TRITON and its TriStation messages (2018); the
maker has published nothing.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.artifacts import Transfers
from interlock.decode.decoder import Decoder
from interlock.decode.sheet import NO_NUMBER, REFUSED
from interlock.decode.spec import ProtocolSpec
from interlock.decode.values import READ
from interlock.errors import DecodeError

__all__ = ["SPEC", "TriStation"]

PORT: Final = 1502
CONNECT, CONNECTED, DISCONNECTED, DISCONNECT, COMMAND, PING = range(1, 7)
LAST_TYPE: Final = 11
CONNECTION_BASE: Final = 65536
FIRST_ANSWER, REJECTED, FIRST_REFUSAL = 100, 100, 200
CP_STATUS: Final = 108
ENVELOPE: Final = 6
HEAD: Final = 10
_COMMAND_KEY, _CONNECT_KEY, _DISCONNECT_KEY, _PING_KEY = 1, 2, 3, 4
_IDS: Final = {55: "program", 56: "function", 65: "program", 66: "function"}
"""Commands whose data begin with the number of a program or function."""
_PROJECT: Final = 59
PROGRAM: Final = "tristation-program"
_STARTS: Final = {0: "all", 1: "change", 59: "all"}
"""Commands that begin a download → what is downloaded."""
_CANCEL: Final = 12
_ENDS: Final = frozenset({10, 11, _CANCEL})
_LOADS: Final = frozenset({5, 6, 48, 49, 50, 55, 56, 63, 68, 72})
"""Commands whose data are parts of what is downloaded: networks, tables, programs, functions, symbols."""
_KEYS: Final = ("Stop", "Program", "Run", "Remote")
_RUNS: Final = ("Running", "Halted", "Paused")


class TriStation(Decoder):
    """One datagram a message."""

    def __init__(self, spec: Any, tools: Any) -> None:
        super().__init__(spec, tools)
        self.loads = Transfers(self.facts.artifacts)

    def message(self, m: Any, i: int, out: Any) -> None:
        """See Decoder.message."""
        octets = m.bytes(i)
        if len(octets) < ENVELOPE:
            raise DecodeError("truncated", len(octets))
        kind, length = octets[0], octets[2] | octets[3] << 8
        if not CONNECT <= kind <= LAST_TYPE:
            raise DecodeError("type-unknown", 0)
        if length != len(octets) - ENVELOPE:
            self.facts.oddity(m, i, "tristation", "length-mismatch", 2)
        if kind != COMMAND:
            self._connection(m, i, out, kind)
        elif length:
            self._command(m, i, out, octets[4 : min(4 + length, len(octets))])

    def _orient(self, m: Any, i: int, client_side: int) -> None:
        slot = m.flow[i]
        if not self.flows.oriented[slot] or self.flows.client_side[slot] != client_side:
            self.flows.orient(slot, client_side)
        m.direction[i] = m.side[i] ^ client_side

    def _connection(self, m: Any, i: int, out: Any, kind: int) -> None:
        if kind in (CONNECT, DISCONNECT):
            self._orient(m, i, m.side[i])
            key = _CONNECT_KEY if kind == CONNECT else _DISCONNECT_KEY
            out.set_transaction(out.ask(m, i, self.f, CONNECTION_BASE + kind, key), -1)
        elif kind == PING:
            self._ping(m, i, out)
        else:
            self._ended(m, i, out, kind)

    def _ping(self, m: Any, i: int, out: Any) -> None:
        """Both ends say the same: who is asked answers with what asked him."""
        row = out.answer(m, i, _PING_KEY)
        if row < 0:
            row = out.ask(m, i, self.f, CONNECTION_BASE + PING, _PING_KEY)
        out.set_transaction(row, -1)

    def _ended(self, m: Any, i: int, out: Any, kind: int) -> None:
        """What a controller says of the connection: it holds, it ended, or why there is none."""
        self._orient(m, i, 1 - m.side[i])
        wanted = _DISCONNECT_KEY if kind == DISCONNECTED else _CONNECT_KEY
        asked = CONNECTION_BASE + (DISCONNECT if kind == DISCONNECTED else CONNECT)
        row = out.answer(m, i, wanted)
        if row < 0 and kind > PING:
            row = out.answer(m, i, _COMMAND_KEY)
        if row < 0:
            row = out.orphan(m, i, self.f, asked if kind < PING else CONNECTION_BASE + kind, -1)
        if kind > PING:
            out.settle(row, REFUSED, kind)

    def _command(self, m: Any, i: int, out: Any, body: bytes) -> None:
        if len(body) < HEAD:
            raise DecodeError("truncated", 4 + len(body))
        path, connection, command, sequence = body[:4]
        length = body[8] | body[9] << 8
        if length != len(body):
            self.facts.oddity(m, i, "tristation", "length-mismatch", 12)
        if path > 1:
            self.facts.oddity(m, i, "tristation", "path-unknown", 4)
        answers = command >= FIRST_ANSWER
        if path <= 1 and answers != bool(path):
            self.facts.oddity(m, i, "tristation", "path-mismatch", 4)
        self._orient(m, i, 1 - m.side[i] if answers else m.side[i])
        if answers:
            row = self._answer(m, i, out, command, sequence)
        else:
            row = out.ask(m, i, self.f, command, _COMMAND_KEY)
            out.set_transaction(row, sequence)
            self._object(out, row, command, body[HEAD:])
            self._load(m, i, out, row, command, sequence, body[HEAD:])
        out.set_unit(row, self.names.code(str(connection)))
        if command == CP_STATUS:
            self._status(m, i, out, row, body[HEAD:])

    def _answer(self, m: Any, i: int, out: Any, command: int, sequence: int) -> int:
        row: int = out.answer(m, i, _COMMAND_KEY)
        if row < 0:
            row = out.orphan(m, i, self.f, command, sequence)
        refused = command == REJECTED or command >= FIRST_REFUSAL
        if refused:
            out.settle(row, REFUSED, command)
            self.loads.gap(m.flow[i])
        elif out.frame_of(row) == 0:
            out.settle(row, 1, NO_NUMBER)
        return row

    def _load(self, m: Any, i: int, out: Any, row: int, command: int, sequence: int, data: bytes) -> None:
        """A download: all that is sent into the controller's memory, from its start to its end."""
        key = m.flow[i]
        if command in _STARTS:
            told = {"operation": out.operation_of(row)}
            self.loads.begin(key, m, i, "tristation", PROGRAM, _STARTS[command], "written", **told)
        load = self.loads.find(key)
        if load is None:
            return
        if command in _ENDS:
            self.loads.end(key, m, i, whole=command != _CANCEL)
        elif command in _LOADS and load.number != sequence:
            self.loads.add(key, m, i, bytes((command,)) + data)
            load.number = sequence

    def _object(self, out: Any, row: int, command: int, data: bytes) -> None:
        if command in _IDS and len(data) >= 2:
            number = int.from_bytes(data[:2], "little")
            out.set_object(row, self.objects.code(f"{_IDS[command]}:{number}"), 1)
        elif command == _PROJECT and len(data) >= 20:
            name = _text(data[10:20])
            if name:
                out.set_object(row, self.objects.code(f"project:{name}"), 1)

    def _status(self, m: Any, i: int, out: Any, row: int, data: bytes) -> None:
        """Key position and run state of the control program, and the project's name."""
        if len(data) < 9:
            return
        states = (("keyState", _KEYS, data[7]), ("runState", _RUNS, data[8]))
        for name, words, value in states:
            if value < len(words):
                where = self.objects.code(name)
                kind = self.names.code("state")
                block = self.values.block(
                    m, i, self.f.protocol_code, out.operation_of(row), out.unit_of(row), where, READ, kind
                )
                self.values.set_text(block, words[value])
        project = _text(data[66:76])
        if project:
            who = self.facts.sender(m, i)
            self.facts.clue(m, i, who, "description", f"Triconex project {project}", "tristation", 0.6)


def _text(octets: bytes) -> str:
    return octets.split(b"\0")[0].decode("utf-8", "backslashreplace").strip()


def _probe(octets: bytes, hint: Any) -> int:
    """Lengths that agree within and without; a message without a command is believed on its own port only."""
    if hint.transport != "udp" or len(octets) < ENVELOPE or not CONNECT <= octets[0] <= LAST_TYPE:
        return 0
    length = octets[2] | octets[3] << 8
    ported = PORT in (hint.source_port, hint.target_port)
    if length != len(octets) - ENVELOPE and (len(octets) < 512 or length < 506):
        return 0
    if octets[0] != COMMAND:
        return 50 if ported and octets[1] <= 3 else 0
    if length < HEAD or octets[4] > 1 or octets[12] | octets[13] << 8 != length:
        return 30 if ported else 0
    return 95 if ported else 70


SPEC = ProtocolSpec(
    name="tristation",
    names=("tristation",),
    probe=_probe,
    decoder=TriStation,
    udp=frozenset({PORT}),
    control=True,
)
