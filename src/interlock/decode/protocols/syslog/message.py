r"""One syslog message: who says it, how bad it is, which program, what.

    RFC 5424   <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [id name="value" …] text
    RFC 3164   <PRI>Mmm dd hh:mm:ss HOSTNAME TAG[pid]: text        many devices leave out one or the other

PRI is 8 x facility + severity. Source: RFC 5424 clauses 6 and 7.2, RFC 3164 clauses 4.1 and 5.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["MOST_PRIORITY", "Message", "priority_of", "read_message"]

MOST_PRIORITY: Final = 191
_PRIORITY: Final = re.compile(rb"<(0|[1-9]\d{0,2})>")
_NIL: Final = "-"
_HEADER: Final = re.compile(r"1 (\S{1,48}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ?")
_ORIGIN: Final = re.compile(r"\[origin((?: [!#-<>-~]{1,32}=\"(?:[^\"\\\]]|\\.){0,128}\"){1,8})\]")
_PARAMETER: Final = re.compile(r" (software|swVersion)=\"((?:[^\"\\\]]|\\.){0,128})\"")
_TIMESTAMP: Final = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d ")
_HOST: Final = re.compile(r"([A-Za-z0-9_.:%-]{1,255}) ")
_TAG: Final = re.compile(r"([A-Za-z0-9_./-]{1,48})(?:\[([^\]\s]{1,32})\])?: ?")
_ELEMENT: Final = re.compile(r"\[[^\"\]]{0,512}(?:\"(?:[^\"\\]|\\.){0,1024}\"[^\"\]]{0,512}){0,32}\]")
_MNEMONIC: Final = re.compile(r"%([A-Z0-9_]{1,48}-[0-7]-[A-Z0-9_]{1,48}):")
"""How switches and firewalls of many makers name a message: facility, severity, mnemonic."""
_MAX_ELEMENTS: Final = 16


class Message(NamedTuple):
    """priority: 0 to 191. version: 1 for RFC 5424, 0 for RFC 3164. What a message does not say is empty."""

    priority: int
    version: int
    host: str = ""
    app: str = ""
    process: str = ""
    ident: str = ""
    software: str = ""
    text: str = ""


def priority_of(octets: bytes) -> int | None:
    """PRI at the beginning, or None; leading zeros are none (RFC 5424 6.2.1)."""
    found = _PRIORITY.match(octets)
    number = int(found[1]) if found is not None else -1
    return number if 0 <= number <= MOST_PRIORITY else None


def read_message(octets: bytes) -> Message | None:
    """octets: one message, without its framing. None where it does not begin with PRI."""
    found = _PRIORITY.match(octets)
    if found is None or (priority := int(found[1])) > MOST_PRIORITY:
        return None
    text = octets[found.end() : 8192].decode("utf-8", "backslashreplace").rstrip("\r\n\x00")
    header = _HEADER.match(text)
    if header is not None:
        return _structured(priority, header, text[header.end() :])
    return _plain(priority, text)


def _structured(priority: int, header: re.Match[str], rest: str) -> Message:
    _, host, app, process, ident = ("" if part == _NIL else part for part in header.groups())
    origin = _ORIGIN.search(rest) if rest[:1] == "[" and "[origin " in rest else None
    said = dict(_PARAMETER.findall(origin[1])) if origin is not None else {}
    software = " ".join(said[key] for key in ("software", "swVersion") if said.get(key))
    return Message(
        priority=priority, version=1, host=host, app=app, process=process, ident=ident, software=software,
        text=_behind_elements(rest),
    )  # fmt: skip


def _behind_elements(rest: str) -> str:
    """The text behind the structured data."""
    at = 1 if rest[:1] == _NIL else 0
    for _ in range(_MAX_ELEMENTS):
        element = _ELEMENT.match(rest, at) if rest[at : at + 1] == "[" else None
        if element is None:
            break
        at = element.end()
    return rest[at:].lstrip(" \ufeff")


def _plain(priority: int, text: str) -> Message:
    host = ""
    stamp = _TIMESTAMP.match(text)
    if stamp is not None:
        named = _HOST.match(text, stamp.end())
        if named is not None and not named[1].endswith(":"):
            host, text = named[1], text[named.end() :]
        else:
            text = text[stamp.end() :]
    tag = _TAG.match(text)
    if tag is not None:
        text = text[tag.end() :]
    if tag is not None and tag[1].isdigit():  # a counter of messages, not a program
        tag = None
    app, process = (tag[1], tag[2] or "") if tag is not None else ("", "")
    mnemonic = _MNEMONIC.search(text[:256])
    ident = mnemonic[1] if mnemonic is not None else ""
    return Message(priority=priority, version=0, host=host, app=app, process=process, ident=ident, text=text)
