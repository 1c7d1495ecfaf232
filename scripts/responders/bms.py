"""The building management system: finds the ventilation controller, reads it and moves its set-point."""

from __future__ import annotations

import asyncio
import itertools
import sys

from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject

from responders.network import ip_of

_PROPERTIES = ("object-name", "vendor-name", "model-name", "firmware-revision", "object-list")


async def main() -> None:
    """Poll until ended."""
    device = DeviceObject(objectIdentifier=("device", 4999), objectName="BMS", vendorIdentifier=999)
    port = NetworkPortObject(
        f"{ip_of('bms')}/24", objectIdentifier=("network-port", 1), objectName="NetworkPort-1"
    )
    application = Application.from_object_list([device, port])
    await asyncio.sleep(1)
    for found in await application.who_is(timeout=2):
        for name in _PROPERTIES:
            await application.read_property(found.pduSource, found.iAmDeviceIdentifier, name)
    for cycle in itertools.count():
        await application.read_property(ip_of("bacnet"), "analog-input,1", "present-value")
        if cycle % 8 == 5:
            await application.write_property(
                ip_of("bacnet"), "analog-value,7", "present-value", 60.0 + cycle % 3
            )
        await asyncio.sleep(3)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
