"""ADS discovery over UDP: who is there, and routes added with name and password in clear.

    | 03 66 14 71 | invoke id 4 | service 4 (bit 31: answer) | NetId 6 | port 2 | tags 4 | (tag 2 | length 2 | data)*

Sources: Beckhoff's public description of adding a route ("ADS add remote route"), and what TwinCAT systems send.
"""

from __future__ import annotations

import struct
from typing import Final

from interlock.decode import logins
from interlock.decode.sheet import REFUSED

__all__ = ["ADD_ROUTE", "MAGIC", "Discovery"]

MAGIC: Final = b"\x03\x66\x14\x71"
FUNCTION: Final = 65536
INFO, ADD_ROUTE = 1, 6
ANSWER: Final = 1 << 31
MAX_TAGS: Final = 32
STATUS, PASSWORD, VERSION, SYSTEM, HOST, NET_ID, ROUTE, USER = 1, 2, 3, 4, 5, 7, 12, 13
_PLATFORMS: Final = {1: "Windows 9x", 2: "Windows NT", 3: "Windows CE"}


class Discovery:
    """Decodes the datagrams of port 48899; logins wait in the notes of their request."""

    def __init__(self, decoder):
        """decoder: the Ads decoder."""
        self.d = decoder

    def message(self, m, i, out):
        """One datagram, the cursor at its beginning."""
        d = self.d
        c = d.cursor
        c.skip(4)
        invoke, service = c.u32le(), c.u32le()
        net_id, port = c.take(6), c.u16le()
        number = service & ~ANSWER
        unit = d.unit(net_id, port)
        tags = self._tags(c)
        key = number << 32 | invoke
        if service & ANSWER:
            row = out.answer(m, i, key)
            login = out.notes.pop(out.operation_of(row), None) if row >= 0 else None
            if row < 0:
                row = out.orphan(m, i, d.f, FUNCTION + number, invoke)
            out.set_unit(row, unit)
            self._answered(m, i, out, row, number, tags, login)
            return
        row = out.ask(m, i, d.f, FUNCTION + number, key)
        out.set_transaction(row, invoke)
        if number == ADD_ROUTE:
            self._route(m, i, out, row, tags)

    @staticmethod
    def _tags(c):
        found = {}
        for _ in range(min(c.u32le(), MAX_TAGS)):
            if c.left() < 4:
                break
            tag, length = c.u16le(), c.u16le()
            found[tag] = c.take(length)
        return found

    def _route(self, m, i, out, row, tags):
        """The route's name and address are the object; user and password log it in."""
        d = self.d
        name, user = _text(tags.get(ROUTE)), _text(tags.get(USER))
        host = _text(tags.get(HOST))
        out.set_object(row, d.objects.code(f"route:{name}/{host}"), 1)
        out.set_user(row, d.users.code(user))
        if PASSWORD in tags:
            secret = tags[PASSWORD].rstrip(b"\0")
            login = logins.begin(d.facts, m, i, "ads", "add-route", user or None, secret)
            out.notes[out.operation_of(row)] = login

    def _answered(self, m, i, out, row, number, tags, login):
        d = self.d
        status = int.from_bytes(tags.get(STATUS, b"")[:4], "little")
        if status:
            out.settle(row, REFUSED, status)
        if login is not None:
            logins.end(d.facts, login, "refused" if status else "ok")
        if number != INFO:
            return
        who = d.facts.sender(m, i)
        d.facts.clue(m, i, who, "name", _text(tags.get(HOST)), "ads", 0.9)
        version = tags.get(VERSION, b"")
        if len(version) >= 4:
            major, minor, build = struct.unpack_from("<BBH", version)
            d.facts.clue(m, i, who, "software", f"TwinCAT {major}.{minor}.{build}", "ads", 0.9)
        system = tags.get(SYSTEM, b"")
        if len(system) >= 20:
            _, major, minor, build, platform = struct.unpack_from("<IIIII", system)
            name = _PLATFORMS.get(platform, f"platform {platform}")
            text = f"{name} {major}.{minor}" + (f".{build}" if build else "")
            d.facts.clue(m, i, who, "os", text, "ads", 0.9)


def _text(octets):
    return (octets or b"").partition(b"\0")[0].decode("utf-8", "backslashreplace")
