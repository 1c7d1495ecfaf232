"""What is said of an indicator that was seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from interlock.detect.causes import Verdict, milder
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["verdict"]

_SURE, _UNSURE, _UNSTATED = 75, 40, 255
_FILES: Final = frozenset({"md5", "sha1", "sha256"})
_PRINTS: Final = frozenset({"ja3", "ja3s", "ja4"})
_DID: Final = {
    "address": "talked to {value}",
    "network": "talked to {seen} of {value}",
    "domain": "asked for {seen}",
    "url": "fetched {seen}",
    "md5": "moved a file with the MD5 {value}",
    "sha1": "moved a file with the SHA-1 {value}",
    "sha256": "moved a file with the SHA-256 {value}",
    "certificate": "met a server with the certificate {value}",
    "ja3": "greeted a server as the TLS client {value}",
    "ja3s": "was greeted as by the TLS server {value}",
    "ja4": "greeted a server as the TLS client {value}",
}
_MATTERS: Final = {
    "place": "Who gave the indicator has seen attackers work from there. A machine of a plant that goes there may be "
    "steered from outside, or hand out what it knows of the process.",
    "file": "Who gave the indicator knows the file as an attacker's tool. Where it runs, whoever sent it can do what "
    "that machine may do to the process.",
    "print": "Who gave the indicator has seen attackers' programs greet so; other programs built with the same "
    "library may greet alike, so look at who it is before anything else.",
}
_ACTIONS: Final = (
    Action(
        text="Look the indicator up where it comes from, and see in the frames whether anything was answered or moved.",
        risk="None: reading what was recorded touches nothing.",
    ),
    Action(
        text="Ask who works at this machine what ran there at that time, and keep its memory and disk for examination.",
        risk="Examining a machine of the process can slow it down or stop it; agree with operations on when.",
    ),
    Action(
        text="Deny this machine the way to that place at the zone's firewall.",
        risk="Where a program of the process needs that place after all it loses it; try the rule against recorded "
        "traffic first (`interlock zone replay`).",
    ),
)


def verdict(key: Key, tally: Tally, context: Context) -> Verdict:
    """Key: realm, machine, kind and value of the indicator."""
    # Over 40 lines: most of it is the text of one verdict.
    realm, machine, kind, value = key
    seen = list(tally.noted("seen"))
    origins, told = list(tally.noted("origin")), list(tally.noted("told"))
    sure = max((int(c) for c in tally.noted("confidence") if int(c) <= 100), default=_UNSTATED)
    did = _DID[kind].format(value=value, seen=seen[0] if seen else value)
    if "asked" in tally.noted("way"):
        did = did.replace("talked to", "was called by")
    about = f" ({', '.join(told)[:200]})" if told else ""
    return Verdict(
        realm=realm,
        machines=(machine,),
        others=tuple(tally.noted("other")),
        cause=f"{kind} {value}",
        kind="alert",
        severity=_severity(kind, sure, tally),
        confidence=_confidence(kind, sure),
        title=f"{context.name(realm, machine)} {did}, which {', '.join(origins[:3]) or 'an indicator'} warns of",
        seen=f"Seen {counted(tally.count, 'time')}: {context.name(realm, machine)} {did}. "
        f"{', '.join(origins[:5])} lists it{about}, {_stated(sure)}, {_validity(tally)}.",
        matters=_MATTERS["file" if kind in _FILES else "print" if kind in _PRINTS else "place"],
        silent="Silent for what no indicator names, for indicators that were not valid at the time of the frames, "
        "and for names, URLs, files and certificates that crossed the wire enciphered.",
        actions=_ACTIONS,
        techniques=named("known-bad-file" if kind in _FILES else "known-bad-place"),
        requirements=(
            *("IEC 62443-3-3 SR 3.2", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 5.2"),
            *("NIS2 Art. 21(2)(b)", "NIS2 Art. 21(2)(e)"),
        ),
        data=(
            ("indicator", value),
            ("kind", kind),
            ("id", ", ".join(tally.noted("indicator"))[:500]),
            ("source", ", ".join(origins)[:500]),
            ("confidence", "not stated" if sure == _UNSTATED else str(sure)),
            ("validity", _validity(tally)),
            ("seen", ", ".join(seen)[:500]),
        ),
        table=next(iter(tally.noted("table")), "flows"),
    )


def _severity(kind: str, sure: int, tally: Tally) -> Severity:
    grave: Severity = "high" if _UNSTATED > sure >= _SURE else "medium" if sure >= _UNSURE else "low"
    if kind in _PRINTS:
        grave = milder(grave)
    unanswered = kind in ("address", "network") and not tally.noted("answered")
    return milder(grave) if unanswered else grave


def _confidence(kind: str, sure: int) -> float:
    stated = 0.7 if sure == _UNSTATED else max(sure, 5) / 100
    return round(stated * (0.6 if kind in _PRINTS else 1.0), 3)


def _stated(sure: int) -> str:
    return "without saying how sure it is" if sure == _UNSTATED else f"with a confidence of {sure} of 100"


def _validity(tally: Tally) -> str:
    """From when until when the indicators held that were found valid."""
    spans = [tuple(map(int, text.split("/"))) for text in tally.noted("validity")]
    begins = min((begin for begin, _ in spans), default=0)
    ends = max((end for _, end in spans), default=0)
    if any(not end for _, end in spans):
        ends = 0
    if not begins and not ends:
        return "valid without limit"
    since = f"from {_day(begins)}" if begins else "for long"
    return f"valid {since} {f'until {_day(ends)}' if ends else 'without end'}"


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
