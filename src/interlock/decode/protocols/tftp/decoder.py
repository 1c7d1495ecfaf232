"""TFTP: who fetches or puts which file, and the file itself.

    | 1 or 2 | file 0 mode 0 (option 0 value 0)* |   | 3 | block 2 | octets … |   | 4 | block 2 |
    | 5 | code 2 | text 0 |                           | 6 | (option 0 value 0)* |

The server answers from a port of its own: a conversation that its client's end announces. Blocks count from 1 in each
transfer; the one that is shorter than the block size ends it.
Source: RFC 1350 clauses 2 to 6, RFC 2347, 2348 (blksize), 2349 (tsize), 7440 (windowsize).
"""

from __future__ import annotations

import re

from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Tftp"]

READ, WRITE, DATA, ACK, ERROR, OPTIONS = range(1, 7)
REFUSED = 2
NO_NUMBER = -(1 << 31)
MAX_NAME = 512
BLOCK = 512
_REQUEST = re.compile(
    rb"\x00[\x01\x02]([\x20-\x7e\x80-\xff]{1,512})\x00(octet|netascii|mail)\x00", re.IGNORECASE
)
"""What a request begins with, within the octets that a probe sees."""


class _Transfer:
    """One file. slot: the flow of its request, key: of its row. blocks: that came in order; size: of a block.

    answered: whether the server has. ended: whether the last block has come.
    """

    __slots__ = (
        *("answered", "artifact", "blocks", "client", "ended", "key"),
        *("mode", "name", "operation", "size", "slot", "stated"),
        "way",
    )

    def __init__(self, slot, way, name, mode):
        self.slot, self.way, self.name, self.mode = slot, way, name, mode
        self.size, self.stated, self.blocks = BLOCK, -1, 0
        self.artifact = None
        self.answered = self.ended = False
        self.client, self.operation, self.key = "", 0, 0


class Tftp(Decoder):
    """Requests, and the files that follow them; blocks and what acknowledges them have no rows of their own."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.announced = tools.announced
        self.code = tools.codes["tftp"]
        self.requests = 0

    def forget(self, slot):
        """See Decoder.forget."""
        Decoder.forget(self, slot)
        self.announced.owners.pop(slot, None)

    def message(self, m, i, out):
        """See Decoder.message. Raises DecodeError with `truncated`, `opcode-unknown` or `request-invalid`."""
        c = self.cursor
        opcode = c.u16be()
        if opcode in (READ, WRITE):
            self._request(m, i, out, opcode, c.rest())
            return
        if not DATA <= opcode <= OPTIONS:
            raise DecodeError("opcode-unknown", 0)
        transfer = self._transfer(m, i)
        if transfer is None:
            return
        if opcode == DATA:
            self._block(m, i, out, transfer, c.u16be(), c.rest())
        elif opcode == ACK:
            c.u16be()
            self._answered(m, i, out, transfer)
        elif opcode == OPTIONS:
            self._agreed(m, i, out, transfer, c.rest())
        else:
            self._failed(m, i, out, transfer, c.u16be())

    def _request(self, m, i, out, opcode, octets):
        """Ask for a file, or to put one; the server's answer comes from elsewhere."""
        words = octets.split(b"\x00")
        if len(words) < 3 or not words[0]:
            raise DecodeError("request-invalid", 2)
        slot, side = m.flow[i], m.side[i]
        self.flows.orient(slot, side)
        m.direction[i] = 0
        name = words[0].decode("utf-8", "backslashreplace")[:MAX_NAME]
        way = "read" if opcode == READ else "written"
        transfer = self.flows.state[slot] = _Transfer(slot, way, name, words[1].lower())
        self.requests = transfer.key = (self.requests + 1) & 0x7FFFFFFF
        transfer.client = self.facts.address_of(slot, side)
        if way == "written":
            transfer.stated = _number(_options(words[2:]).get(b"tsize"))
        row = out.ask(m, i, self.f, opcode, transfer.key)
        out.set_transaction(row, -1)
        out.set_object(row, self.objects.code(name), 1)
        transfer.operation = out.operation_of(row)
        end = (self.flows.realm[slot], transfer.client, self.flows.port[slot, side])
        self.announced.expect(end, self.code, transfer)

    def _transfer(self, m, i):
        """Whose transfer message i belongs to: one that its client announced, or one whose server stays on port 69."""
        slot = m.flow[i]
        transfer = self.announced.owners.get(slot)
        if transfer is None or transfer.ended:  # both ends may have their ports once more
            ends = [(self.facts.address_of(slot, k), self.flows.port[slot, k]) for k in (0, 1)]
            self.announced.arrived(slot, tuple((self.flows.realm[slot], *end) for end in ends))
            transfer = self.announced.owners.get(slot)
        if transfer is None:
            return self.flows.state[slot]
        client = 0 if self.facts.address_of(slot, 0) == transfer.client else 1
        self.flows.orient(slot, client)
        m.direction[i] = m.side[i] ^ client
        return transfer

    def _block(self, m, i, out, transfer, number, octets):
        """The next block, one again, or one too many: its sender goes back to the one that is missing."""
        self._answered(m, i, out, transfer)
        sender = 1 if transfer.way == "read" else 0
        if m.direction[i] != sender or transfer.ended:
            return
        if transfer.artifact is None:
            self._begin(m, i, transfer)
        if number != (transfer.blocks + 1) & 0xFFFF:
            return
        transfer.blocks += 1
        self.facts.artifacts.add(transfer.artifact, m, i, octets[: transfer.size])
        if len(octets) < transfer.size:
            transfer.ended = True
            whole = transfer.stated in (-1, transfer.artifact.size) or transfer.mode != b"octet"
            self.facts.artifacts.end(transfer.artifact, m, i, whole=whole)

    def _begin(self, m, i, transfer):
        asks = m.side[i] ^ m.direction[i]
        told = {"operation": transfer.operation, "side": asks}
        transfer.artifact = self.facts.artifacts.begin(
            m, i, "tftp", "file", transfer.name, transfer.way, **told
        )
        if transfer.mode != b"octet":
            transfer.artifact.detail["mode"] = transfer.mode.decode("ascii", "replace")[:16]

    def _answered(self, m, i, out, transfer):
        """The first thing that the server says."""
        if transfer.answered or m.direction[i] == 0:
            return -1
        transfer.answered = True
        who = self.facts.sender(m, i)
        self.facts.clue(m, i, who, "service", "tftp/69", "tftp", 0.95)
        return out.heard(m, i, transfer.slot, transfer.key)

    def _agreed(self, m, i, out, transfer, octets):
        """Options that the server takes (RFC 2347): how large blocks are, how large the file is."""
        self._answered(m, i, out, transfer)
        if m.direction[i] == 0 or transfer.blocks:
            return
        options = _options(octets.split(b"\x00"))
        size = _number(options.get(b"blksize"))
        if 8 <= size <= 65464:
            transfer.size = size
        if transfer.way == "read":
            transfer.stated = _number(options.get(b"tsize"))

    def _failed(self, m, i, out, transfer, code):
        """Either side gives up; before anything else was said the server refuses."""
        row = self._answered(m, i, out, transfer)
        if row >= 0:
            out.settle(row, REFUSED, code)
        if transfer.artifact is not None and not transfer.ended:
            transfer.ended = True
            self.facts.artifacts.end(transfer.artifact, m, i, whole=False, refused=m.direction[i] == 1)


def _options(words):
    """Option → value, of words that follow each other (RFC 2347); of what there is too much the first ones."""
    pairs = zip(words[0:32:2], words[1:32:2], strict=False)
    return {name.lower(): value for name, value in pairs if name}


def _number(value):
    """A decimal number, or -1."""
    return int(value) if value is not None and value.isdigit() and len(value) <= 12 else -1


def _probe(octets, hint):
    if hint.transport != "udp" or _REQUEST.match(octets) is None:
        return 0
    return 95 if 69 in (hint.source_port, hint.target_port) else 80


SPEC = ProtocolSpec(
    name="tftp",
    names=("tftp",),
    probe=_probe,
    decoder=Tftp,
    udp=frozenset({69}),
    announces=frozenset({"tftp"}),
    timeout_ns=30_000_000_000,
)
