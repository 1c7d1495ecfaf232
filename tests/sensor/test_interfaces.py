"""An interface that goes and comes back while the sensor watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soaking.running import until

if TYPE_CHECKING:
    from collections.abc import Callable


def test_it_goes_on_when_its_interface_was_down_and_when_it_was_made_anew(ground) -> None:
    sensor = ground.sensor()
    wire = ground.wire
    count = _pass(ground, sensor, 0)
    _away(sensor, lambda: wire.down(wire.near), lambda: wire.up(wire.near))
    count = _pass(ground, sensor, count)
    _away(sensor, wire.unplug, wire.plug)
    _pass(ground, sensor, count)
    assert sensor.drops() == 0
    assert sensor.watching()
    assert sensor.stop() == 0


def _pass(ground, sensor, before: int) -> int:
    """Send traffic; how many frames the sensor has read by now: all of them."""
    with ground.sending(240) as sender:
        count = before + ground.sent(sender)
    assert until(lambda: sensor.packets() == count), (sensor.packets(), count)
    return count


def _away(sensor, go: Callable[[], None], back: Callable[[], None]) -> None:
    lines = len(sensor.diary())
    for change, event in ((go, "interface-gone"), (back, "interface-back")):
        change()
        assert until(lambda event=event: event in [entry.event for entry in sensor.diary()[lines:]])
