"""COSEM objects: how attributes and methods are spelled, and what setting or invoking them does.

    8/0.0.1.0.0.255/2            class, OBIS code, attribute
    70/0.0.96.3.10.255/method-1  method

Source: IEC 62056-6-2 (interface classes), IEC 62056-6-1 (OBIS).
"""

from __future__ import annotations

__all__ = ["ACTION_VERBS", "IDENTITY", "SET_VERBS", "attribute_text", "method_text", "without_channel"]

SET_VERBS = {
    (8, 2): "time-set",
    (8, None): "configure",
    (9, None): "configure",
    (10, None): "configure",
    (11, None): "configure",
    (15, None): "configure",
    (18, None): "firmware-write",
    (20, None): "configure",
    (21, None): "configure",
    (22, None): "configure",
    (40, None): "configure",
    (41, None): "configure",
    (42, None): "configure",
    (64, None): "configure",
    (71, None): "configure",
}
"""(interface class, attribute or None for all) → what setting it does; all others write."""

ACTION_VERBS = {
    (3, 1): "reset",
    (4, 1): "reset",
    (5, 1): "reset",
    (7, 1): "reset",
    (8, None): "time-set",
    (15, 1): "authenticate",
    (15, None): "configure",
    (18, None): "firmware-write",
    (20, None): "configure",
    (40, 1): "report",
    (64, None): "configure",
}
"""(interface class, method or None for all) → what invoking it does; all others operate."""

IDENTITY = {
    (1, "0.0.42.0.0.255", 2): ("name", 0.9),
    (1, "0.0.96.1.0.255", 2): ("serial", 0.9),
    (1, "1.0.0.0.0.255", 2): ("serial", 0.6),
    (1, "1.0.0.2.0.255", 2): ("firmware", 0.8),
}
"""(class, OBIS, attribute) → the clue its text is: logical device name, device id, electricity id, active firmware."""


def attribute_text(kind, obis, attribute):
    """kind: interface class; obis: 6 octets."""
    return f"{kind}/{'.'.join(map(str, obis))}/{attribute}"


def method_text(kind, obis, method):
    """The same for a method."""
    return f"{kind}/{'.'.join(map(str, obis))}/method-{method}"


def without_channel(obis):
    """An OBIS code as text with 0 for its channel (value group B): a device of one channel may use any."""
    medium, _, rest = obis.partition(".")
    return f"{medium}.0.{rest.partition('.')[2]}"


def unit_text(server):
    """A server address: logical device, and physical device where it has one."""
    return str(server[0]) if server[1] < 0 else f"{server[0]}.{server[1]}"
