"""bacpypes3 in front of an image: present values are what the controller holds, and writes reach it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bacpypes3.app import Application
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.local.object import Object as LocalObject
from bacpypes3.object import AnalogOutputObject
from bacpypes3.primitivedata import Real

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlock.plant.living.images import Image
    from interlock.plant.protocols.bacnet import Object

__all__ = ["serve_bacnet"]


class _Output(LocalObject, AnalogOutputObject):
    """An output without a priority array: the controller's program overwrites what is written, every scan."""


_KINDS: Final = {0: AnalogInputObject, 1: _Output, 2: AnalogValueObject}


def _alive(kind: Any, image: Image, tag: str, made: list[Any]) -> Any:
    """A class whose present value is the image's. made: empty until what the library sets by itself is over."""

    def read(_self: Any) -> Real:
        return Real(image[tag])

    def write(_self: Any, value: Any) -> None:
        if made:
            image.write(tag, float(value))

    return type(f"Live{kind.__name__.strip('_')}", (kind,), {"presentValue": property(read, write)})


def serve_bacnet(
    image: Image, address: tuple[str, int], objects: Sequence[Object], instance: int, named: Mapping[int, str]
) -> None:
    """Serve until the process ends. named: property → text of the device object, see BacnetDevice."""

    async def run() -> None:
        device = DeviceObject(
            objectIdentifier=("device", instance),
            objectName=named[77],
            modelName=named[70],
            vendorName=named[121],
            firmwareRevision=named[44],
            vendorIdentifier=999,
        )
        port = NetworkPortObject(
            f"{address[0]}/24:{address[1]}", objectIdentifier=("network-port", 1), objectName="port"
        )
        application = Application.from_object_list([device, port])
        made: list[Any] = []
        for each in objects:
            live = _alive(_KINDS[each.type], image, each.tag, made)(
                objectIdentifier=(
                    ("analog-input", "analog-output", "analog-value")[each.type],
                    each.instance,
                ),
                objectName=each.name,
                presentValue=image[each.tag],
            )
            application.add_object(live)
        made.append(application)
        image.ready()
        await asyncio.Event().wait()

    asyncio.run(run())
