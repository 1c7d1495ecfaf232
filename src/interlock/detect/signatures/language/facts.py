"""Words about values that a decoder reads, rather than about octets: TLS versions, and our control protocols.

Those of DNS, MQTT and SNMP, and events of parsers: messages.py.
modbus, dnp3_func, dnp3_obj, enip_command and cip_service are Suricata's; s7comm.function, s7comm.verb, bacnet.service
and kin are ours, since Suricata has none.
Source: Suricata user guide, "Modbus Keyword", "DNP3 Keywords", "ENIP/CIP Keywords", "SSL/TLS Keywords".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.checks import Fact
from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import Bound, read_bound, read_natural
from interlock.detect.signatures.language.problems import RuleError
from interlock.records.buffers import DNP3_INDICATIONS
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlock.detect.signatures.language.checks import Check
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["DNP3_FUNCTIONS", "KEYWORDS", "TLS_VERSIONS", "Asked", "ask", "numeric", "told_together"]

Asked = tuple[tuple[str, Bound | tuple[str, ...]], ...]

DNP3_FUNCTIONS: Final = (
    "confirm", "read", "write", "select", "operate", "direct_operate", "direct_operate_nr", "immed_freeze",
    "immed_freeze_nr", "freeze_clear", "freeze_clear_nr", "freeze_at_time", "freeze_at_time_nr", "cold_restart",
    "warm_restart", "initialize_data", "initialize_appl", "start_appl", "stop_appl", "save_config",
    "enable_unsolicited", "disable_unsolicited", "assign_class", "delay_measure", "record_current_time", "open_file",
    "close_file", "delete_file", "get_file_info", "authenticate_file", "abort_file", "activate_config",
    "authenticate_req", "authenticate_err",
)  # fmt: skip
"""By their codes, from 0; response, unsolicited_response and authenticate_resp are 129, 130, 131."""
_DNP3: Final = {
    **{name: code for code, name in enumerate(DNP3_FUNCTIONS)},
    "response": 129,
    "unsolicited_response": 130,
    "authenticate_resp": 131,
}
_READ: Final = {"dnp3.function": "dnp3.any_function"}
_ENIP: Final = {
    "nop": 0, "list_services": 4, "list_identity": 99, "list_interfaces": 100, "register_session": 101,
    "unregister_session": 102, "send_rrdata": 111, "send_unit_data": 112, "indicate_status": 114, "cancel": 115,
}  # fmt: skip
_MULTIPLE: Final = 10
"""CIP's Multiple_Service_Packet, which our records have the services of in its place."""
_TABLES: Final = ("discretes", "coils", "input", "holding")
_MODBUS_GROUPS: Final = ("assigned", "unassigned", "public", "user", "reserved", "all")
TLS_VERSIONS: Final = {
    "sslv2": "sslv2",
    "sslv3": "SSLv3",
    "tls1.0": "1.0",
    "tls1.1": "1.1",
    "tls1.2": "1.2",
    "tls1.3": "1.3",
}


def ask(draft: Draft, word: str, text: str, asked: Asked, *, negated: bool = False) -> None:
    """A rule asks for facts. text: as it writes them."""
    draft.checks.append(Fact(word=word, text=" ".join(text.split()), asked=asked, negated=negated))


def _modbus(draft: Draft, value: str | None) -> None:
    text = (value or "").strip()
    asked: list[tuple[str, Bound | tuple[str, ...]]] = []
    negated = False
    for part in comma_separated(text):
        name, _, argument = part.partition(" ")
        argument = argument.strip()
        if name == "access":
            asked += _access(argument)
        elif name == "function" and argument.lstrip("! ") in _MODBUS_GROUPS:
            negated = argument.startswith("!")
            asked.append(("modbus.group", (argument.lstrip("! "),)))
        elif name in {"function", "subfunction", "unit", "address", "value"}:
            most = 65_535 if name in {"subfunction", "address", "value"} else 255
            asked.append((f"modbus.{name}", read_bound(argument, "modbus", most=most)))
        else:
            raise RuleError(
                "modbus", f"{part!r} is none of function, subfunction, unit, access, address and value"
            )
    ask(draft, "modbus", text, tuple(asked), negated=negated)


def _access(argument: str) -> list[tuple[str, Bound | tuple[str, ...]]]:
    words = argument.split()
    if (
        not words
        or len(words) > 2
        or words[0] not in {"read", "write"}
        or (words[1:] and words[1] not in _TABLES)
    ):
        raise RuleError("modbus", f"{argument!r} is not read or write, and one of {', '.join(_TABLES)}")
    return [("modbus.access", (words[0],)), *([("modbus.table", (words[1],))] if words[1:] else [])]


def _dnp3_function(draft: Draft, value: str | None) -> None:
    text = (value or "").strip().lower()
    bound = Bound("=", _DNP3[text]) if text in _DNP3 else read_bound(text, "dnp3_func", most=255)
    ask(draft, "dnp3_func", text, (("dnp3.function", bound),))


def _dnp3_object(draft: Draft, value: str | None) -> None:
    parts = comma_separated(value)
    if len(parts) != 2:
        raise RuleError("dnp3_obj", f"{value!r} is not a group, a comma and a variation")
    group, variation = (read_natural(part, "dnp3_obj", most=255) for part in parts)
    ask(draft, "dnp3_obj", ",".join(parts), (("dnp3.object", Bound("=", group << 8 | variation)),))


def _dnp3_indications(draft: Draft, value: str | None) -> None:
    names = tuple(name.lower() for name in comma_separated(value))
    unknown = [name for name in names if name not in DNP3_INDICATIONS]
    if unknown:
        raise RuleError("dnp3_ind", f"{unknown[0]!r} is none of {', '.join(DNP3_INDICATIONS)}")
    ask(draft, "dnp3_ind", ",".join(names), (("dnp3.indication", names),))


def told_together(checks: Sequence[Check], buffers: Iterable[str]) -> tuple[Check, ...]:
    """A function of DNP3 that is asked together with what is read of fragments is read of them, too."""
    asked = {name for check in checks if isinstance(check, Fact) for name, _ in check.asked}
    if not ({"dnp3.object", "dnp3.indication"} & asked or "dnp3.data" in buffers):
        return tuple(checks)
    return tuple(
        replace(check, asked=tuple((_READ.get(name, name), bound) for name, bound in check.asked))
        if isinstance(check, Fact)
        else check
        for check in checks
    )


def _enip(draft: Draft, value: str | None) -> None:
    text = (value or "").strip().lower()
    bound = Bound("=", _ENIP[text]) if text in _ENIP else read_bound(text, "enip_command", most=65_535)
    # Our records have what commands wrap in their place: where wrappers may be meant, messages are read as such.
    wraps = any(bound.holds(_ENIP[name]) for name in ("send_rrdata", "send_unit_data"))
    ask(draft, "enip_command", text, (("enip.any_command" if wraps else "enip.command", bound),))


def _cip(draft: Draft, value: str | None) -> None:
    parts = comma_separated(value)
    if len(parts) > 3:
        raise RuleError("cip_service", f"{value!r} is more than a service, a class and an attribute")
    bounds = [read_bound(part, "cip_service", most=65_535) for part in parts]
    wraps = len(bounds) == 1 and bounds[0].holds(_MULTIPLE)
    names = ("cip.any_service" if wraps else "cip.service", "cip.class", "cip.attribute")
    asked = tuple(zip(names, bounds, strict=False))
    ask(draft, "cip_service", ",".join(parts), asked)


def numeric(word: str, fact: str, clause: str, says: str, most: int) -> Keyword:
    """A word whose value is compared with a fact that is a number."""

    def read(draft: Draft, value: str | None) -> None:
        bound = read_bound(value, word, most=most)
        ask(draft, word, bound.words(), ((fact, bound),))

    return Keyword(name=word, clause=clause, says=says, read=read)


def _verb(protocol: str) -> Keyword:
    word = f"{protocol}.verb"

    def read(draft: Draft, value: str | None) -> None:
        text = (value or "").strip()
        if text.lstrip("!") not in VERBS:
            raise RuleError(word, f"{text!r} is no verb; docs/records.md lists them")
        ask(draft, word, text, ((word, (text.lstrip("!"),)),), negated=text.startswith("!"))

    return Keyword(name=word, clause="ours", says=f"the verb that our decoder of {protocol} gives", read=read)


def _version(draft: Draft, value: str | None) -> None:
    text = (value or "").strip().strip('"')
    if not re.fullmatch(r"1\.[0-3]", text):
        raise RuleError("tls.version", f"{value!r} is none of 1.0, 1.1, 1.2 and 1.3")
    ask(draft, "tls.version", text, (("tls.version", (text,)),))


def _ssl(draft: Draft, value: str | None) -> None:
    said = [part.lower() for part in comma_separated(value)]
    negated = said[0].startswith("!")
    names = [part.lstrip("! ") for part in said]
    unknown = [name for name in names if name not in TLS_VERSIONS]
    if unknown or any(part.startswith("!") != negated for part in said):
        raise RuleError("ssl_version", f"{value!r} is not a list of {', '.join(TLS_VERSIONS)}")
    versions = tuple(TLS_VERSIONS[name] for name in names)
    ask(draft, "ssl_version", ",".join(said), (("tls.version", versions),), negated=negated)


_ENIP_CLAUSE: Final = "ENIP/CIP Keywords"
KEYWORDS: Final = (
    Keyword(
        name="modbus", clause="Modbus Keyword", says="a request's function, or what it reaches", read=_modbus
    ),
    Keyword(name="dnp3_func", clause="DNP3 Keywords, dnp3_func", says="the function", read=_dnp3_function),
    Keyword(
        name="dnp3_obj",
        clause="DNP3 Keywords, dnp3_obj",
        says="an object's group and variation",
        read=_dnp3_object,
    ),
    Keyword(
        name="dnp3_ind",
        clause="DNP3 Keywords, dnp3_ind",
        says="any of these internal indications of an answer is set",
        read=_dnp3_indications,
    ),
    Keyword(
        name="dnp3_cmd_fc",
        clause="of Digital Bond's preprocessor for Snort, as Quickdraw's dnp3.rules document it",
        says="the same, of rules for Snort",
        read=_dnp3_function,
    ),
    Keyword(
        name="enip_command",
        clause="ENIP/CIP Keywords, enip_command",
        says="the command of the encapsulation",
        read=_enip,
    ),
    Keyword(
        name="cip_service",
        clause="ENIP/CIP Keywords, cip_service",
        says="the service, class and attribute",
        read=_cip,
    ),
    numeric("enip.status", "enip.status", _ENIP_CLAUSE, "the status of the encapsulation", (1 << 32) - 1),
    *(
        numeric(f"enip.{name}", f"enip.{name}", _ENIP_CLAUSE, f"of an identity: {says}", most)
        for name, says, most in (
            ("protocol_version", "the version of the encapsulation", 65_535),
            ("vendor_id", "the vendor", 65_535),
            ("device_type", "the device type", 65_535),
            ("product_code", "the product code", 65_535),
            ("revision", "the revision, the major one in the upper octet", 65_535),
            ("identity_status", "the status", 65_535),
            ("serial", "the serial number", (1 << 32) - 1),
            ("state", "the state", 255),
        )
    ),
    numeric(
        "enip.capabilities", "enip.capabilities", _ENIP_CLAUSE, "flags of a service that is listed", 65_535
    ),
    numeric("enip.cip_class", "cip.class", _ENIP_CLAUSE, "the class that a request of CIP is for", 65_535),
    numeric("enip.cip_instance", "cip.instance", _ENIP_CLAUSE, "the instance", (1 << 32) - 1),
    numeric("enip.cip_attribute", "cip.attribute", _ENIP_CLAUSE, "the attribute", 65_535),
    numeric("enip.cip_status", "cip.status", _ENIP_CLAUSE, "the general status of an answer of CIP", 255),
    numeric(
        "s7comm.function", "s7comm.function", "ours", "the function, as docs/protocols.md numbers it", 65_535
    ),
    numeric("bacnet.service", "bacnet.service", "ours", "the service; unconfirmed ones from 256 on", 511),
    *(_verb(protocol) for protocol in ("modbus", "dnp3", "enip", "cip", "s7comm", "bacnet")),
    Keyword(
        name="tls.version",
        clause="SSL/TLS Keywords, tls.version",
        says="the version agreed on",
        read=_version,
    ),
    Keyword(
        name="ssl_version", clause="SSL/TLS Keywords, ssl_version", says="the same, from a list", read=_ssl
    ),
)
