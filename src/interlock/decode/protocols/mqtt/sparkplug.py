"""Sparkplug B: what edge nodes and devices report under their topics, and what they are told to do.

    spBv1.0 / group / message type / edge node [ / device ]        spBv1.0 / STATE / host

A birth gives every metric its name, alias and type; later messages may carry the alias alone. NCMD and DCMD write:
one item for each metric. `unit` is group/node or group/node/device, `object` of a value is the metric's name.

Source: Eclipse Sparkplug 3.0, clauses 4 (topics), 5 (operational behaviour), 6 (payloads).
"""

from __future__ import annotations

from dataclasses import dataclass

from interlock.decode.logins import Names
from interlock.decode.protocols.mqtt.metrics import TYPES, read_payload
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

__all__ = ["PREFIX", "Sparkplug", "SparkplugTopic", "parse_topic"]

PREFIX = "spBv1.0/"
MESSAGES = frozenset({"NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA", "NCMD", "DCMD"})
MAX_NODES = 2048
MAX_NAMES = 200_000
"""Metric names that are kept for aliases, of all edge nodes together."""
MAX_ITEMS = 256
LAST_MS = 9_223_372_036_854
"""What a time may not pass: the last millisecond that nanoseconds since 1970 can count (year 2262)."""
NS_IN_MS = 1_000_000
WRITTEN, REPORTED = 0, 2
_WRITE, _RESET = VERBS.index("write"), VERBS.index("reset")
REBOOT = "Node Control/Reboot"
IDENTITY = {
    "hardware make": ("vendor", 0.7),
    "manufacturer": ("vendor", 0.7),
    "hardware model": ("product", 0.7),
    "model": ("product", 0.7),
    "hardware": ("hardware", 0.6),
    "hardware version": ("hardware", 0.7),
    "serial number": ("serial", 0.7),
    "serial": ("serial", 0.7),
    "fw": ("firmware", 0.7),
    "fw version": ("firmware", 0.7),
    "firmware": ("firmware", 0.7),
    "firmware version": ("firmware", 0.7),
    "os": ("os", 0.7),
    "device type": ("device-type", 0.6),
}
"""Last part of a birth's metric under `Properties/` → clue field; the specification gives some of these as examples."""


@dataclass(frozen=True, slots=True)
class SparkplugTopic:
    """A topic in its parts; payload: whether its message is a Sparkplug B payload (STATE has text)."""

    kind: str
    group: str
    node: str
    device: str | None

    @property
    def payload(self):
        """Whether the message is a protocol buffer."""
        return self.kind in MESSAGES

    @property
    def command(self):
        """Whether it tells a node or device to do something."""
        return self.kind in ("NCMD", "DCMD")

    @property
    def unit(self):
        """group/node or group/node/device."""
        node = f"{self.group}/{self.node}"
        return f"{node}/{self.device}" if self.device else node


def parse_topic(topic):
    """The parts of a Sparkplug B topic, or None where it is none."""
    if not topic.startswith(PREFIX):
        return None
    parts = topic.split("/")
    if len(parts) == 3 and parts[1] == "STATE":
        return SparkplugTopic("STATE", "", parts[2], None)
    if len(parts) not in (4, 5) or parts[2] not in MESSAGES or (parts[2][0] == "D") != (len(parts) == 5):
        return None
    return SparkplugTopic(parts[2], parts[1], parts[3], parts[4] if len(parts) == 5 else None)


class Sparkplug:
    """Reads payloads for the MQTT decoder. Names by alias are kept for each broker and edge node."""

    def __init__(self, decoder):
        self._d = decoder
        self._units = Names(decoder.names)
        self._types = [decoder.names.code(name) for name in TYPES]
        self._nodes = {}
        self._kept = 0

    def message(self, m, i, out, row, topic, octets, *, whole):
        """One Sparkplug payload. whole: whether all of it is in `octets`."""
        d = self._d
        unit = self._units.code(topic.unit)
        out.set_unit(row, unit)
        known = self._node(m, i, topic)
        if topic.kind == "NBIRTH":
            self._kept -= len(known)
            known.clear()
        if not whole:
            d.facts.oddity(m, i, "mqtt", "payload-cut", 0)
            return
        try:
            payload = read_payload(octets, lambda name, alias: _known_type(known, name, alias))
        except DecodeError as error:
            d.facts.oddity(m, i, "mqtt", error.oddity, error.offset)
            return
        if topic.kind in ("NBIRTH", "DBIRTH"):
            self._born(m, i, topic, known, payload)
        self._detail(m, i, out, row, topic, payload)
        if topic.command:
            self._command(out, row, known, payload)
        direction = WRITTEN if topic.command else REPORTED
        for metric in payload.metrics:
            self._value(m, i, out.operation_of(row), unit, direction, _spelled(known, metric), metric)

    def _node(self, m, i, topic):
        """Alias or name → (name, type) of this edge node, as its births said."""
        broker = self._d.flows.address_of(m.flow[i], 1 - (m.side[i] ^ m.direction[i]))
        key = (self._d.flows.realm_of(m.flow[i]), broker, topic.group, topic.node)
        known = self._nodes.get(key)
        if known is None:
            if len(self._nodes) >= MAX_NODES or self._kept >= MAX_NAMES:
                self._nodes.clear()
                self._kept = 0
            known = self._nodes[key] = {}
        return known

    def _born(self, m, i, topic, known, payload):
        for metric in payload.metrics:
            for key in (metric.alias, metric.name):
                if key not in (None, "") and self._kept < MAX_NAMES:
                    self._kept += key not in known
                    known[key] = (metric.name, metric.type)
        if m.direction[i]:
            return  # forwarded: the broker is not the machine that it is about
        who = f"{self._d.facts.sender(m, i)}/{topic.unit}"
        clue = self._d.facts.clue
        clue(m, i, who, "unit", topic.unit, "mqtt", 0.9)
        for metric in payload.metrics:
            field = metric.text and IDENTITY.get(metric.name.rpartition("/")[2].lower())
            if field and metric.name.lower().startswith("properties/"):
                clue(m, i, who, field[0], metric.text.strip(), "mqtt", field[1])

    def _detail(self, m, i, out, row, topic, payload):
        told = {
            "operation": out.operation_of(row),
            "message_type": topic.kind,
            "from_client": not m.direction[i],
            "group": topic.group,
            "edge_node": topic.node,
            "device": topic.device,
            "payload_time": payload.time if payload.time is not None and payload.time <= LAST_MS else None,
            "sequence": payload.sequence,
            "metrics": len(payload.metrics),
        }
        self._d.facts.detail("sparkplug", m, i, told)

    def _command(self, out, row, known, payload):
        """A command writes each of its metrics; one of them is the order to restart."""
        out.set_verb(row, _WRITE)
        for k, metric in enumerate(payload.metrics[:MAX_ITEMS]):
            at = row if k == 0 else out.more(row)
            name = _spelled(known, metric)
            out.set_object(at, self._d.objects.code(name[:512]), 1)
            out.set_verb(at, _RESET if name == REBOOT else _WRITE)

    def _value(self, m, i, operation, unit, direction, name, metric):
        v = self._d.values
        if not v.wanted:
            return
        if metric.parts:
            for part in metric.parts:
                self._value(m, i, operation, unit, direction, f"{name}/{part.name}", part)
            return
        kind = self._types[metric.type] if metric.type < len(self._types) else self._types[0]
        code = self._d.objects.code(name[:512])
        block = v.block(m, i, self._d.f.protocol_code, operation, unit, code, direction, kind)
        for number in metric.numbers:
            v.number(number)
        if metric.text is not None:
            v.set_text(block, metric.text[:4096])
        if metric.raw is not None:
            v.set_raw(block, metric.raw[:4096])
        if metric.time is not None and metric.time <= LAST_MS:
            v.set_device_time(block, metric.time * NS_IN_MS)
        if metric.marks:
            v.set_quality(block, self._d.names.code(" ".join(metric.marks)))


def _known_type(known, name, alias):
    found = known.get(name) if name else known.get(alias)
    return found[1] if found is not None else 0


def _spelled(known, metric):
    if metric.name:
        return metric.name
    found = known.get(metric.alias)
    return found[0] if found is not None and found[0] else f"alias:{metric.alias}"
