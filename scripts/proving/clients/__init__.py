"""Clients of attacks that octets alone do not make, drawn from public descriptions of attacks and tools.

Each talks as its tool does, by a library that others wrote or by its own sockets, and hears what is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proving.clients import (
    cip,
    controllers,
    datasets,
    datasets_wires,
    frameworks,
    incidents,
    link,
    modbus,
    network,
    network_ways,
    occasions,
    pivots,
    quiet_ways,
    raids,
    raids_wires,
    s7,
    telecontrol,
    ua,
    wires,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    name: client
    for room in (
        cip,
        controllers,
        datasets,
        datasets_wires,
        frameworks,
        incidents,
        link,
        modbus,
        network,
        network_ways,
        occasions,
        pivots,
        quiet_ways,
        raids,
        raids_wires,
        s7,
        telecontrol,
        ua,
        wires,
    )
    for name, client in room.CLIENTS.items()
}
"""Name → what is done to the machine at an address."""
