"""OPNsense: aliases and rules as its config.xml holds them, to be merged there or read by its import.

Rules belong to no interface (floating), the first that fits decides, and the last blocks what is not for the firewall
itself. Sources: OPNsense core, models OPNsense/Firewall/Alias.xml and Filter.xml; its ProtocolField.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from interlock.segment.export.comments import about, head_lines
from interlock.segment.export.plan import Lack
from interlock.segment.export.spans import networks
from interlock.segment.export.target import Written
from interlock.segment.export.ways import lacks_of_ways, numbers_of, port_texts, ways

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.segment.export.plan import Plan
    from interlock.segment.export.ways import Way

__all__ = ["OPNSENSE"]

_SPACE: Final = uuid.UUID("5f1d1a52-7d0a-5d39-9a0e-62443320c0de")
_DESCRIPTION: Final = 255
_NAMED: Final = {47: "GRE", 50: "ESP", 51: "AH", 89: "OSPF"}
"""IP protocols that its list has by these names."""


class _Opnsense:
    """See Target."""

    def write(self, plan: Plan) -> Written:
        lacks = (*plan.lacks, *lacks_of_ways(plan, "OPNsense", dates=False), *_others(plan))
        every = list(ways(plan))
        aliases = {name: ("network", "\n".join(map(str, networks(way.version, spans))))
                   for way in every for name, spans in (way.source, way.target)}  # fmt: skip
        rules: list[str] = []
        for way in every:
            for protocol, ports in _services(way):
                alias = ""
                if ports:
                    alias = f"{way.rule.key}_{protocol.lower()}"
                    aliases[alias] = ("port", "\n".join(ports))
                rules.append(_rule(len(rules) + 1, way, protocol, alias))
        head = [line.replace("--", "- -") for line in head_lines(plan, "OPNsense", lacks)]
        lines = [
            '<?xml version="1.0"?>', "<!--", *head, "-->",
            "<opnsense>", " <OPNsense>", "  <Firewall>",
            '   <Alias version="1.0.1">', "    <aliases>", *(_alias(n, *a) for n, a in aliases.items()),
            "    </aliases>", "   </Alias>",
            '   <Filter version="1.0.4">', "    <rules>", *rules, _denied(len(rules) + 1),
            "    </rules>", "   </Filter>",
            "  </Firewall>", " </OPNsense>", "</opnsense>",
        ]  # fmt: skip
        return Written("\n".join(lines) + "\n", lacks)


OPNSENSE: Final = _Opnsense()


def _others(plan: Plan) -> Iterator[Lack]:
    for rule in plan.then:
        for number in rule.services.ip:
            if number and number not in _NAMED:
                text = (
                    f"{rule.title}: IP protocol {number} has no name in OPNsense's list, so it is not written"
                )
                yield Lack(rule.title, "target", "narrower", text)


def _services(way: Way) -> Iterator[tuple[str, list[str]]]:
    services = way.rule.services
    if services.every:
        yield "any", []
        return
    for word in ("tcp", "udp"):
        if ports := numbers_of(way, word):
            yield word.upper(), port_texts(ports, ":")
    if services.icmp and way.version == 4:
        yield "ICMP", []
    if services.icmp6 and way.version == 6:
        yield "IPV6-ICMP", []
    yield from ((_NAMED[number], []) for number in services.ip if number in _NAMED)


def _alias(name: str, kind: str, content: str) -> str:
    return _element("alias", name, {
        "enabled": "1", "name": name, "type": kind, "content": content, "description": "Interlock zones and conduits",
    })  # fmt: skip


def _rule(number: int, way: Way, protocol: str, ports: str) -> str:
    return _element("rule", f"{way.name} {protocol}", {
        "enabled": "1", "sequence": str(number), "action": "pass", "quick": "1", "interface": "", "direction": "in",
        "ipprotocol": "inet" if way.version == 4 else "inet6", "protocol": protocol,
        "source_net": way.source[0], "destination_net": way.target[0], "destination_port": ports, "log": "0",
        "description": about(way.rule, _DESCRIPTION)[:_DESCRIPTION],
    })  # fmt: skip


def _denied(number: int) -> str:
    return _element("rule", "denied", {
        "enabled": "1", "sequence": str(number), "action": "block", "quick": "1", "interface": "", "direction": "in",
        "ipprotocol": "inet46", "protocol": "any", "source_net": "any", "destination_net": "(self)",
        "destination_not": "1", "log": "1", "description": "denied by default",
    })  # fmt: skip


def _element(tag: str, name: str, fields: dict[str, str]) -> str:
    """Texts are in the harmless alphabet, which has nothing that XML would have to escape."""
    inner = "".join(f"<{key}>{value}</{key}>" if value else f"<{key}/>" for key, value in fields.items())
    return f'     <{tag} uuid="{uuid.uuid5(_SPACE, f"{tag} {name}")}">{inner}</{tag}>'
