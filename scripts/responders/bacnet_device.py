"""The hall's ventilation controller: a BACnet/IP device made of bacpypes3."""

from __future__ import annotations

import asyncio
import sys

from bacpypes3.app import Application
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.primitivedata import Real

from responders.network import ip_of


async def main(host: str) -> None:
    """Serve until ended."""
    device = DeviceObject(
        objectIdentifier=("device", 4001),
        objectName="AHU-3",
        vendorIdentifier=8,
        vendorName="Delta Controls",
        modelName="DSC-1616E",
        firmwareRevision="3.40",
        applicationSoftwareVersion="2.1",
        description="Air handling unit, hall 3",
    )
    port = NetworkPortObject(
        f"{ip_of(host)}/24", objectIdentifier=("network-port", 1), objectName="NetworkPort-1"
    )
    application = Application.from_object_list([device, port])
    objects = (
        AnalogInputObject(
            objectIdentifier=("analog-input", 1),
            objectName="SupplyAirTemp",
            presentValue=Real(18.5),
            covIncrement=0.1,
        ),
        AnalogValueObject(
            objectIdentifier=("analog-value", 7),
            objectName="FanSetpoint",
            presentValue=Real(60.0),
            covIncrement=0.5,
        ),
    )
    for one in objects:
        application.add_object(one)
    step = 0
    while True:
        await asyncio.sleep(3)
        step += 1
        objects[0].presentValue = Real(18.5 + step % 5 * 0.3)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
