"""CODESYS V2: controllers of many makers identified, files moved, PLC browser commands given, over TCP.

    BB BB | length 4 | service 1 | …                           length in the controller's own byte order
    CC CC | 2 | length 2 | 10 | 4 | part 4 | service 1 | …     24 octets before the service; low octet first
    66 66 | as CC CC, without a service                        between blocks of a file

The answer to service 1 has three texts of 32 octets from octet 64 on: operating system, its version, product.
Services: 2F, 30 write a file; 31, 32 read one; 92 is a command of the PLC browser, 4 octets and the text behind.
Sources: Digital Bond's Basecamp tools, and scripts that identify controllers.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.logins import Names
from interlock.decode.sheet import NO_NUMBER, UNKNOWN
from interlock.decode.spec import NEED_MORE, ProtocolSpec
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["SPEC", "CodesysV2"]

PORTS = frozenset({1200, 2455})
PLAIN, BLOCKS, PAUSE = b"\xbb\xbb", b"\xcc\xcc", b"\x66\x66"
PLAIN_HEAD, BLOCK_HEAD = 6, 24
MAX_OCTETS = 65536
IDENTIFICATION, FILE_WRITE, FILE_READ, BROWSER = 0x01, 0x2F, 0x31, 0x92
KEY = 1
TEXTS, TEXT_OCTETS = 64, 32

COMMANDS = {
    "startprg": "start", "stopprg": "stop", "resetprg": "reset", "resetprgcold": "reset", "resetprgorg": "reset",
    "reload": "program-write", "getprgprop": "diagnose", "getprgstat": "diagnose", "filedir": "file-read",
    "filecopy": "file-write", "filerename": "file-write", "filedelete": "file-write", "saveretain": "file-write",
    "restoreretain": "write", "setpwd": "configure", "delpwd": "configure", "plcload": "diagnose",
    "rtsinfo": "diagnose", "version": "identify", "reflect": "diagnose", "mem": "diagnose", "memc": "diagnose",
    "memd": "diagnose", "dpt": "diagnose", "ppt": "diagnose", "pid": "diagnose", "pinf": "identify", "tsk": "diagnose",
    "cycle": "diagnose", "?": "diagnose",
}  # fmt: skip
"""Standard commands of the PLC browser, as manuals of controllers list them; vendors have more, which are unknown."""

_PROGRAMS = (".prg", ".chk")
"""Boot project and its check sum."""


class CodesysV2(Decoder):
    """One request at a time: an answer belongs to the oldest that is open."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.things = Names(self.objects)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = self.cursor.rest()
        head = PLAIN_HEAD if octets[:2] == PLAIN else BLOCK_HEAD
        if len(octets) < head:
            raise DecodeError("truncated", len(octets))
        if octets[:2] == PAUSE:
            return
        body = octets[head:]
        slot = m.flow[i]
        if m.direction[i] == 0:
            self.flows.state[slot] = True
            if body:
                self._ask(m, i, out, body)
        else:
            self._answer(m, i, out, slot, octets)

    def _ask(self, m, i, out, body):
        service = body[0]
        row = out.ask(m, i, self.f, service, KEY)
        out.set_transaction(row, -1)
        if service == BROWSER:
            self._browser(out, row, body[5:])
        elif service in (FILE_WRITE, FILE_READ):
            name = _text(body[6 if service == FILE_WRITE else 4 :])
            out.set_object(row, self.things.code(f"file:{name}"), 1)
            if name.lower().endswith(_PROGRAMS):
                out.set_verb(row, VERBS.index("program-write" if service == FILE_WRITE else "program-read"))

    def _browser(self, out, row, octets):
        """The command alone is the object: what stands behind may be a password."""
        word = _text(octets).strip().partition(" ")[0]
        out.set_object(row, self.things.code(f"plc-browser:{word}"), 1)
        out.set_verb(row, VERBS.index(COMMANDS.get(word.lower(), "unknown")))

    def _answer(self, m, i, out, slot, octets):
        row = out.answer(m, i, KEY)
        if row < 0:
            if self.flows.state[slot]:
                return  # another block of an answer that has its row
            row = out.orphan(m, i, self.f, NO_NUMBER, KEY)
            out.set_transaction(row, -1)
        told = [
            _text(octets[at : at + TEXT_OCTETS].lstrip(b"\0")) for at in range(TEXTS, TEXTS + 96, TEXT_OCTETS)
        ]
        if out.function_of(row) == IDENTIFICATION and told[0] and all(text.isprintable() for text in told):
            who = self.facts.sender(m, i)
            self.facts.clue(m, i, who, "os", " ".join(text for text in told[:2] if text), "codesys-v2", 0.8)
            self.facts.clue(m, i, who, "product", told[2], "codesys-v2", 0.8)
        else:
            out.settle(row, UNKNOWN, NO_NUMBER)


def _text(octets):
    return octets.split(b"\0", 1)[0][:256].decode("latin-1")


class CodesysV2Framer(Framer):
    """Cuts by the length of either head, in either byte order."""

    def __init__(self):
        Framer.__init__(self, MAX_OCTETS)

    def cut(self, start, end):
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        octets = bytes(self.octets[start : min(end, start + BLOCK_HEAD)])
        length = _length(octets)
        if length < 0:
            return -left
        if length == 0 or length > left:
            self.want = length or len(octets) + 1
            return 0
        return length

    def begins(self, start, end):
        """See Framer.begins."""
        octets = bytes(self.octets[start : min(end, start + BLOCK_HEAD)])
        return 1 if len(octets) >= PLAIN_HEAD and _length(octets) > 0 else 0


def _length(octets):
    """Octets of the message that begins here; 0: too few to tell, -1: it is none."""
    if len(octets) < 2:
        return 0 if octets in (b"", b"\xbb", b"\xcc", b"\x66") else -1
    if octets[:2] not in (PLAIN, BLOCKS, PAUSE):
        return -1
    if len(octets) < PLAIN_HEAD:
        return 0
    if octets[:2] != PLAIN:
        return BLOCK_HEAD + (octets[4] | octets[5] << 8)
    for order in ("little", "big"):
        length = int.from_bytes(octets[2:6], order)
        if 0 < length <= MAX_OCTETS - PLAIN_HEAD:
            return PLAIN_HEAD + length
    return -1


def _probe(octets, hint):
    """The client's first message on its ports: BB BB, a length that is the payload's own."""
    if hint.transport != "tcp" or octets[:2] != PLAIN[: len(octets)] or not octets:
        return 0
    if not (hint.source_port in PORTS or hint.target_port in PORTS):
        return 0
    if len(octets) <= PLAIN_HEAD:
        return NEED_MORE
    length = _length(octets[:PLAIN_HEAD])
    return 80 if length > 0 and (length == len(octets) or len(octets) >= 64 or length > len(octets)) else 40


SPEC = ProtocolSpec(
    name="codesys-v2",
    names=("codesys-v2",),
    probe=_probe,
    decoder=CodesysV2,
    tcp=PORTS,
    framer=CodesysV2Framer,
    control=True,
)
