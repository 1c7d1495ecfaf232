"""Words about what messages of DNS, MQTT, SNMP and TLS say of themselves, and about events of parsers.

Events: those that our readers find by the same rule as Suricata does; every other one refuses the rule.
Source: Suricata user guide, "DNS Keywords", "MQTT Keywords", "SNMP keywords", "SSL/TLS Keywords" and "Generic App
Layer Keywords"; when an event is set stands in its parsers (libhtp for HTTP) and in the events' own rule files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.facts import ask, numeric
from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import Bound, read_bound
from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["EVENTS", "KEYWORDS"]

EVENTS: Final = {
    "http": (
        "invalid_transfer_encoding_value_in_request",
        "missing_host_header",
        "request_auth_unrecognized",
    ),
    "dns": ("z_flag_set", "invalid_opcode"),
}
"""Protocol → its events that are taken."""
_STATES: Final = ("client_hello", "server_hello", "client_keyx", "server_keyx")
_TYPES: Final = (
    *("unassigned", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe"),
    *("suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth"),
)
"""Types of MQTT's messages, by their numbers."""
_CONNECT: Final = ("username", "password", "will", "will_retain", "clean_session")
_PRESENT: Final = {"yes": "true", "true": "true", "no": "false", "false": "false"}
_MQTT, _DNS, _SNMP = "MQTT Keywords", "DNS Keywords", "SNMP keywords"


def _event(draft: Draft, value: str | None) -> None:
    text = (value or "").strip()
    protocol, _, event = text.partition(".")
    if event not in EVENTS.get(protocol, ()):
        reason = f"{text!r} is an event of Suricata's own parsers, which are not ours"
        raise RuleError("app-layer-event", f"{reason}; docs/signature-words.md names those that are taken")
    ask(draft, "app-layer-event", text, ((f"{protocol}.event", (event,)),))


def _state(draft: Draft, value: str | None) -> None:
    names = tuple(name.strip().lower() for part in comma_separated(value) for name in part.split("|"))
    if not all(name in _STATES for name in names):
        raise RuleError("ssl_state", f"{value!r} is not a list of {', '.join(_STATES)}")
    ask(draft, "ssl_state", "|".join(names), (("tls.state", names),))


def _type(draft: Draft, value: str | None) -> None:
    text = (value or "").strip().lower()
    name = text.removeprefix("!").strip()
    if name in _TYPES:
        bound = Bound("!=" if text.startswith("!") else "=", _TYPES.index(name))
    else:
        bound = read_bound(text, "mqtt.type", most=15)
    ask(draft, "mqtt.type", bound.words(), (("mqtt.type", bound),))


def _flags(word: str, fact: str, known: tuple[str, ...]) -> Keyword:
    def read(draft: Draft, value: str | None) -> None:
        names = tuple(name.lower() for name in comma_separated(value))
        if not all(name.removeprefix("!") in known for name in names):
            raise RuleError(word, f"{value!r} is not a list of {', '.join(known)}, each perhaps with !")
        ask(draft, word, ",".join(names), tuple((fact, (name,)) for name in names))

    says = "these flags are set; with ! before it one is not"
    return Keyword(name=word, clause=f"{_MQTT}, {word}", says=says, read=read)


def _present(draft: Draft, value: str | None) -> None:
    text = (value or "").strip().lower()
    if text not in _PRESENT:
        raise RuleError("mqtt.connack.session_present", f"{value!r} is neither true nor false")
    fact = "mqtt.connack.session_present"
    ask(draft, fact, _PRESENT[text], ((fact, (_PRESENT[text],)),))


KEYWORDS: Final = (
    Keyword(
        name="app-layer-event",
        clause="Generic App Layer Keywords, app-layer-event",
        says=f"one of {', '.join(f'{name}.{one}' for name, events in EVENTS.items() for one in events)}",
        read=_event,
    ),
    Keyword(
        name="ssl_state",
        clause="SSL/TLS Keywords, ssl_state",
        says="what of the handshake is sent",
        read=_state,
    ),
    numeric("dns.opcode", "dns.opcode", _DNS, "the operation's code", 255),
    numeric("dns.rcode", "dns.rcode", _DNS, "the answer's code", 255),
    Keyword(name="mqtt.type", clause=f"{_MQTT}, mqtt.type", says="the message's type", read=_type),
    numeric("mqtt.qos", "mqtt.qos", _MQTT, "its quality of service", 2),
    numeric("mqtt.protocol_version", "mqtt.protocol_version", _MQTT, "the connection's version", 255),
    numeric("mqtt.reason_code", "mqtt.reason_code", _MQTT, "a reason code", 255),
    numeric("mqtt.connack.return_code", "mqtt.reason_code", _MQTT, "the same, by its older name", 255),
    _flags("mqtt.flags", "mqtt.flags", ("dup", "retain")),
    _flags("mqtt.connect.flags", "mqtt.connect.flags", _CONNECT),
    Keyword(
        name="mqtt.connack.session_present",
        clause=f"{_MQTT}, mqtt.connack.session_present",
        says="whether the broker goes on with a session",
        read=_present,
    ),
    numeric("snmp.version", "snmp.version", _SNMP, "the version; 2 is 2c", (1 << 32) - 1),
    numeric("snmp.pdu_type", "snmp.pdu_type", _SNMP, "the kind of message", (1 << 32) - 1),
)
