"""A rule in plain words: what it looks for and where, what its class says, and what it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import Fact, Field, Flags
from interlock.detect.signatures.language.model import PAYLOAD
from interlock.detect.signatures.language.steps import Content, Dataset, Expression, Reputation, Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.detect.signatures.language.model import Inspection, Signature
    from interlock.detect.signatures.language.steps import Step

__all__ = ["class_in_words", "links", "looked_for", "octets_in_words"]

_SHOWN: Final = 4
_LONGEST: Final = 80
_MOST_HEX: Final = 24
_NAMES: Final = {"bugtraq": "Bugtraq", "bid": "Bugtraq", "md5": "MD5", "nessus": "Nessus"}
_MEMBERS: Final = {
    "isset": "a member of the set {}",
    "isnotset": "nothing of the set {}",
    "set": "what was not in the set {} till then",
    "unset": "what is taken out of the set {}",
}
"""By what a rule does with a set."""
_PLACES: Final[dict[str, str]] = {
    PAYLOAD: "what is sent",
    "http.method": "the method of an HTTP request",
    "http.uri": "the path that is asked for by HTTP",
    "http.uri.raw": "the path that is asked for by HTTP, as it came",
    "http.url": "the URL that is asked for",
    "http.request_line": "the first line of an HTTP request",
    "http.response_line": "the first line of an HTTP answer",
    "http.header": "the header of an HTTP message",
    "http.header.raw": "the header of an HTTP message, as it came",
    "http.header_names": "the names of its HTTP header fields",
    "http.start": "the head of an HTTP message",
    "http.host": "the host that is asked by HTTP",
    "http.host.raw": "the host that is asked by HTTP, as it came",
    "http.user_agent": "the program that asks by HTTP (User-Agent)",
    "http.cookie": "the cookie",
    "http.stat_code": "the status code of an HTTP answer",
    "http.request_body": "the body of an HTTP request",
    "http.response_body": "the body of an HTTP answer",
    "file.data": "a file or page that is handed over",
    "file.name": "the name of a file",
    "dns.query": "the name that DNS is asked for",
    "tls.sni": "the host that TLS is opened to (SNI)",
    "tls.cert_subject": "whom the server's certificate names",
    "tls.cert_issuer": "who issued the server's certificate",
    "tls.cert_serial": "the serial number of the server's certificate",
    "ja3.hash": "the JA3 fingerprint of the TLS client",
    "ja3s.hash": "the JA3S fingerprint of the TLS server",
    "ssh.proto": "the version of SSH",
    "ssh.software": "the software of SSH",
    "ftp.command": "the command of FTP",
}
"""Buffers, for people; others are called by their name."""
_ATTACK: Final = "Others have met this in attacks."
_CLASSES: Final[dict[str, str]] = {
    "web-application-attack": "an attack on a web application",
    "trojan-activity": "what malware does",
    "credential-theft": "theft of passwords",
    "attempted-admin": "an attempt to become administrator",
    "attempted-user": "an attempt to become a user",
    "successful-admin": "somebody who became administrator",
    "successful-user": "somebody who became a user",
    "unsuccessful-user": "a failed attempt to become a user",
    "exploit-kit": "a page that breaks into browsers",
    "social-engineering": "deception of people",
    "pup-activity": "programs that nobody wants",
    "targeted-activity": "what a known group does",
    "attempted-recon": "looking around before an attack",
    "successful-recon-limited": "looking around that was answered",
    "successful-recon-largescale": "looking around at large that was answered",
    "network-scan": "a search through a network",
    "domain-c2": "a name by which malware is commanded",
    "command-and-control": "malware that is commanded",
    "coin-mining": "mining of coins",
    "attempted-dos": "an attempt to stop a service",
    "successful-dos": "a service that was stopped",
    "denial-of-service": "stopping a service",
    "shellcode-detect": "machine code that breaks in",
    "misc-attack": "an attack of no other class",
    "default-login-attempt": "a login with a maker's password",
    "suspicious-login": "a strange login",
    "rpc-portmap-decode": "a question to a portmapper",
    "suspicious-filename-detect": "a strange name of a file",
    "system-call-detect": "a call of the system",
    "web-application-activity": "access to a web application that is not for everybody",
}
"""Class of a rule that is about attacks → what it is about."""
_HABITS: Final[dict[str, str]] = {
    "bad-unknown": "traffic that may be bad",
    "unknown": "traffic that is not known",
    "misc-activity": "what is done, good or bad",
    "policy-violation": "what companies often forbid",
    "inappropriate-content": "content that has no place at work",
    "external-ip-check": "asking for one's own address outside",
    "protocol-command-decode": "a command of a protocol",
    "not-suspicious": "what is not suspicious in itself",
    "string-detect": "a text that was found",
    "non-standard-protocol": "a protocol where it is not at home",
    "unusual-client-port-connection": "a client from a strange port",
    "tcp-connection": "a connection",
    "icmp-event": "a message of ICMP",
}
"""Class of a rule that is about what is worth knowing → what it is about."""


def looked_for(signature: Signature) -> str:
    """What a rule asks for, the most telling of it, in the rule's order: things and where they are."""
    found = [said for one in signature.inspections for said in _inspected(one)]
    asked = (check.words() for check in signature.checks if isinstance(check, (Fact, Field, Flags)))
    found += [(len(words), words, "") for words in asked]
    if not found:
        return "what its head says of addresses, ports and protocol"
    most = sorted(sorted(range(len(found)), key=lambda k: -found[k][0])[:_SHOWN])
    places: dict[str, list[str]] = {}
    for k in most:
        places.setdefault(found[k][2], []).append(found[k][1])
    said = "; ".join(
        f"{_listed(things)}{f' in {place}' if place else ''}" for place, things in places.items()
    )
    more = len(found) - len(most)
    return said + (f"; and {more} {'thing' if more == 1 else 'things'} more" if more else "")


def _listed(things: list[str]) -> str:
    return " and ".join([", ".join(things[:-1]), things[-1]] if len(things) > 1 else things)


def _inspected(one: Inspection) -> Iterator[tuple[int, str, str]]:
    """How telling each thing is, the thing, and where it is."""
    place = _PLACES.get(one.buffer, one.buffer)
    if one.transformations:
        place += f" ({', '.join(each.name.replace('_', ' ') for each in one.transformations)})"
    sized = any(isinstance(step, Size) and step.bound.operator == "=" for step in one.steps)
    for step in one.steps:
        if (said := _step(step, sized=sized)) is not None:
            yield (*said, place)


def _step(step: Step, *, sized: bool) -> tuple[int, str] | None:
    if isinstance(step, Content):
        if step.negated:
            return 0, f"no {octets_in_words(step.octets).removeprefix('the ')}"
        whole = sized or (step.starts and step.ends)
        where = (
            "all of it" if whole else "at its beginning" if step.starts else "at its end" if step.ends else ""
        )
        return len(step.octets), octets_in_words(step.octets) + (f" ({where})" if where else "")
    if isinstance(step, Expression):
        text = step.pattern.decode("utf-8", "backslashreplace")
        shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        return (0 if step.negated else 8), f"{'no match' if step.negated else 'a match'} of /{shown}/"
    if isinstance(step, Reputation):
        than = {">": "over", "<": "below", "==": "of"}[step.operator]
        return 8, f"a member of the list {step.name} with a value {than} {step.value}"
    return (8, _MEMBERS[step.command].format(step.name)) if isinstance(step, Dataset) else None


def octets_in_words(octets: bytes) -> str:
    """Text between quotes, and octets that are none in hexadecimal."""
    parts: list[str] = []
    text = bytearray()
    most = _LONGEST if all(0x20 <= octet < 0x7F for octet in octets) else _MOST_HEX
    for at, octet in enumerate(octets[:most]):
        run = octets[at : at + 3]
        # A letter between octets is chance: 32 07 00 is no "2" that two octets follow.
        readable = 0x20 <= octet < 0x7F and (
            len(text) > 0 or len(octets) < 3 or all(0x20 <= c < 0x7F for c in run)
        )
        if readable:
            text.append(octet)
            continue
        if text:
            parts.append(f'"{text.decode()}"')
            text.clear()
        parts.append(f"{octet:02x}")
    if text:
        parts.append(f'"{text.decode()}"')
    said = " ".join(parts)
    hexadecimal = any(not part.startswith('"') for part in parts)
    more = "…" if len(octets) > most else ""
    return f"{'the octets ' if hexadecimal else ''}{said}{more}"


def class_in_words(classtype: str) -> str:
    """Sentences about a rule's class."""
    if not classtype:
        return "Who wrote the rule gives it no class."
    if classtype in _CLASSES:
        return f"Who wrote the rule files it under {classtype}, {_CLASSES[classtype]}. {_ATTACK}"
    if classtype in _HABITS:
        says = _HABITS[classtype]
        return (
            f"Who wrote the rule files it under {classtype}, {says}: worth knowing, and no attack by itself."
        )
    return f"Who wrote the rule files it under {classtype}."


def links(signature: Signature) -> tuple[str, ...]:
    """What a rule refers to: addresses, and names of weaknesses and notices."""
    return tuple(
        dict.fromkeys(_link(kind.strip().lower(), text.strip()) for kind, text in signature.references)
    )


def _link(kind: str, text: str) -> str:
    if kind == "url":
        return text if "://" in text else f"http://{text}"
    if kind == "cve":
        return text.upper() if text.upper().startswith("CVE-") else f"CVE-{text}"
    return f"{_NAMES.get(kind, kind)} {text}"
