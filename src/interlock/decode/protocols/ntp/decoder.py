"""NTP and SNTP: who takes the time from whom.

    | leap 2 bits version 3 mode 3 | stratum 1 | poll 1 | precision 1 | … 48 octets in all |

Source: RFC 5905 clause 7.3; modes 6 and 7 as RFC 9327 and its predecessors describe them.
"""

from __future__ import annotations

from interlock.decode.decoder import Decoder
from interlock.decode.spec import ProtocolSpec

__all__ = ["SPEC", "Ntp"]

ANSWERS = {2: 1, 4: 3}


class Ntp(Decoder):
    """One datagram: a question (client, symmetric active), its answer, or a broadcast."""

    def message(self, m, i, out):
        """See Decoder.message."""
        c = self.cursor
        mode = c.u8() & 7
        if mode in (6, 7):
            self._control(m, i, out, mode)
            return
        stratum = c.u8()
        c.skip(46)
        if mode in ANSWERS:
            row = out.answer(m, i, ANSWERS[mode])
            if row < 0:
                row = out.orphan(m, i, self.f, ANSWERS[mode], -1)
            self.facts.clue(
                m, i, self.facts.sender(m, i), "service", f"ntp/123 stratum {stratum}", "ntp", 0.9
            )
        elif mode == 5:
            row = out.tell(m, i, self.f, mode)
        else:
            row = out.ask(m, i, self.f, mode, mode)
        out.set_transaction(row, -1)

    def _control(self, m, i, out, mode):
        """Modes 6 and 7 ask about the server itself; their answers have the response bit."""
        c = self.cursor
        c.seek(0)
        first, second = c.u8(), c.u8()
        answered = second & 0x80 if mode == 6 else first & 0x80
        if answered:
            row = out.answer(m, i, mode)
            if row < 0:
                row = out.orphan(m, i, self.f, mode, -1)
        else:
            row = out.ask(m, i, self.f, mode, mode)
        out.set_transaction(row, -1)


def _probe(octets, hint):
    on_port = 123 in (hint.source_port, hint.target_port)
    if hint.transport != "udp" or len(octets) < 12:
        return 0
    version, mode = (octets[0] >> 3) & 7, octets[0] & 7
    if not 1 <= version <= 4 or mode == 0:
        return 0
    if on_port:
        return 90 if _fits(octets, version, mode) else 0
    plausible = len(octets) == 48 and octets[1] <= 16 and octets[2] <= 17 and mode in (3, 4) and version >= 3
    if plausible and octets[3] >= 0xE0 and 0 in octets[4:8]:
        return 60
    # A client that tells nothing of itself: nothing but zeros, then a transmit timestamp (RFC 4330, clause 5).
    silent = plausible and mode == 3 and not any(octets[1:40]) and any(octets[40:])
    return 60 if silent else 0


def _fits(octets, version, mode):
    """Whether lengths and ranges hold: time (clause 7.3), control (RFC 9327, 2) and private messages."""
    if mode == 6:
        asks_oddly = octets[1] & 0x80 == 0 and octets[1] & 0x60  # error and more are of answers
        return (
            not asks_oddly
            and octets[1] & 0x1F <= 12
            and 12 + int.from_bytes(octets[10:12], "big") <= len(octets)
        )
    if mode == 7:
        items, size = (int.from_bytes(octets[k : k + 2], "big") & 0x0FFF for k in (4, 6))
        return octets[2] in (0, 2, 3) and (size > 0 or items == 0) and 8 + items * size <= len(octets)
    if len(octets) < 48 or len(octets) % 4 or octets[1] > 16 or (17 < octets[2] < 0xF0):
        return False
    return octets[3] >= 0xC0 or (octets[3] == 0 and version >= 2)


SPEC = ProtocolSpec(name="ntp", names=("ntp",), probe=_probe, decoder=Ntp, udp=frozenset({123}))
