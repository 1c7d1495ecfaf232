"""What is said of a rule that hit, in plain words: its own message, and what it looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.causes import Verdict
from interlock.detect.signatures.explaining import class_in_words, links, looked_for
from interlock.detect.signatures.language.checks import Flow
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from interlock.detect.interface import Context
    from interlock.detect.signatures.language.model import Signature
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["CONNECTIONS", "PRIORITIES", "severity_of", "verdict"]

PRIORITIES: Final[dict[str, int]] = {
    **dict.fromkeys(
        (
            "attempted-admin", "attempted-user", "command-and-control", "credential-theft", "domain-c2", "exploit-kit",
            "coin-mining", "inappropriate-content", "policy-violation", "shellcode-detect", "social-engineering",
            "successful-admin", "successful-user", "targeted-activity", "trojan-activity", "unsuccessful-user",
            "web-application-attack",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "attempted-dos", "attempted-recon", "bad-unknown", "default-login-attempt", "denial-of-service",
            "external-ip-check", "misc-attack", "non-standard-protocol", "pup-activity", "rpc-portmap-decode",
            "successful-dos", "successful-recon-largescale", "successful-recon-limited", "suspicious-filename-detect",
            "suspicious-login", "system-call-detect", "unusual-client-port-connection", "web-application-activity",
        ),
        2,
    ),
    "tcp-connection": 4,
}  # fmt: skip
"""Class of a rule → its priority where it says none, as Suricata's classification has it; others have 3."""
_SEVERITIES: Final[tuple[Severity, ...]] = ("high", "medium", "low", "info")
_MOST_LINKS: Final = 5
CONNECTIONS: Final = 64
"""Conversations that a finding names."""
_ACTIONS: Final = (
    Action(
        text="Read what the rule refers to, and hold the frames that are named against it: rules of others know "
        "nothing of this plant.",
        risk="None: reading what was recorded touches nothing.",
    ),
    Action(
        text="Ask who works at these machines what they did at that time.",
        risk="None to the process.",
    ),
    Action(
        text="Where it is harmless here, accept the finding with a reason (`interlock finding accept`), or switch the "
        "rule off.",
        risk="A rule that is off is silent for everybody; accept the finding for these machines where you can.",
    ),
)


def severity_of(signature: Signature) -> Severity:
    """By the rule's own priority, else its class."""
    priority = signature.priority or PRIORITIES.get(signature.classtype, 3)
    return _SEVERITIES[min(priority, 4) - 1]


def joined_in(tally: Tally) -> int:
    """How often it hit in connections that were joined in the middle."""
    return tally.noted("midstream").get("joined", 0)


def _midstream(tally: Tally) -> str:
    joined = joined_in(tally)
    if not joined:
        return ""
    whose = "All of it is" if joined == tally.count else f"{counted(joined, 'time')} of these it was"
    return f" {whose} in connections whose beginning nobody saw."


def _connections(tally: Tally) -> str:
    """Client's and server's port and the transport of each conversation that it hit in; three dots where some more."""
    words = list(tally.noted("connection"))
    return " ".join(words) + (" …" if len(words) >= CONNECTIONS else "")


def verdict(key: Key, signature: Signature, tally: Tally, context: Context) -> Verdict:
    """Key: realm, client, server, the rule's id."""
    # Over 40 lines: most of it is the text of one verdict.
    realm, client, server, rule = key
    names = context.name(realm, client), context.name(realm, server)
    message = signature.message or f"signature {signature.sid}"
    refers = links(signature)
    linked = ", ".join(refers[:_MOST_LINKS]) + (
        f" and {len(refers) - _MOST_LINKS} more" if len(refers) > _MOST_LINKS else ""
    )
    one_way = [check.direction for check in signature.checks if isinstance(check, Flow) and check.direction]
    way = {"to_server": ", in what the client sends,", "to_client": ", in what the server sends,"}
    return Verdict(
        realm=realm,
        machines=(client, server),
        cause=f"signature {rule}",
        kind="alert",
        severity=severity_of(signature),
        confidence=0.6,
        title=f"{message}: {names[0]} and {names[1]}",
        seen=f"Signature {signature.sid} of {signature.origin.file} hit {counted(tally.count, 'time')} between "
        f"{names[0]} and {names[1]}. It looks{way.get(one_way[0], '') if one_way else ''} for {looked_for(signature)}."
        f"{f' It refers to {linked}.' if refers else ''}{_midstream(tally)}",
        matters=f"{class_in_words(signature.classtype)} Whether it can harm the process here depends on what these "
        "machines are.",
        silent="Silent for what no rule in force describes, for what is enciphered on the wire, and for what the "
        "rule's own words leave out.",
        actions=_ACTIONS,
        requirements=("IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 3.2", "NIS2 Art. 21(2)(b)"),
        data=(
            ("sid", str(signature.sid)),
            ("gid", str(signature.gid)),
            ("rev", str(signature.rev)),
            ("class", signature.classtype),
            ("origin", f"{signature.origin.file}:{signature.origin.line}"),
            ("references", " ".join(refers)[:2_000]),
            *((("connections", named),) if (named := _connections(tally)) else ()),
            *((("midstream", str(joined)),) if (joined := joined_in(tally)) else ()),
        ),
        table=next(iter(tally.noted("table")), "payloads"),
    )
