"""Who stands between the panel and controllers that speak S7 or IEC 60870-5-104: what they tell is changed.

As Stuxnet showed operators recorded values over S7, and as false data are injected into reports of substations
(the attacks on SWaT, WADI and on IEC 104 that were published): frozen, played over and over, shifted, or drifting away.
Outputs that a controller tells its remote I/O by PROFINET are changed alike.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.boiler import BOILER_REALS, OUTPUT_FRAME
from interlock.plant.actors.steps import Wait
from interlock.plant.blind.chance import count, one_of
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import InPath, end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES", "HIDDEN", "VIEW", "Lie"]

VIEW: Final = ("T0856", "T0832", "T0830", "T0831")
HIDDEN: Final = ("vendor-laptop", "engineering", "hvac-hall")
_SPANS: Final = (16.0, 100.0, 250.0)
"""Of the boiler's pressure (bar), level (%) and temperature (°C), as its transmitters measure."""


class Lie:
    """Numbers as they are told instead. how: frozen, looped, shifted, drifting. which: of a message, None: all.

    now_s: a watch; spans: of the numbers, of which a share is added.
    """

    def __init__(
        self, draws: Draws, which: int, now_s: Callable[[], float], spans: Sequence[float] = _SPANS
    ) -> None:
        self.how = one_of(draws, ("frozen", "looped", "shifted", "drifting"))
        self._which = None if self.how in ("frozen", "looped") else which
        self._share = draws.uniform(0.08, 0.3) * (1 if draws.uniform() < 0.5 else -1)
        self._kept, self._now, self._begun = count(draws, 10, 40), now_s, now_s()
        self._tape: list[Sequence[float]] = []
        self._told = 0
        self._spans = spans

    def __call__(self, numbers: Sequence[float]) -> Sequence[float]:
        """What is told in the place of these."""
        if self._which is None:
            kept = 1 if self.how == "frozen" else self._kept
            if len(self._tape) < kept:
                self._tape.append(numbers)
                return numbers
            self._told += 1
            return self._tape[self._told % kept]
        share = self._share * (
            min(1.0, (self._now() - self._begun) / 240.0) if self.how == "drifting" else 1.0
        )
        return [
            n + share * self._spans[k % len(self._spans)] if k == self._which else n
            for k, n in enumerate(numbers)
        ]


def _reals(lie: Lie) -> Callable[[int, bytes], bytes | None]:
    """The panel's reading of the boiler's data block, as its controller answers it."""
    many = len(BOILER_REALS)

    def told(side: int, payload: bytes) -> bytes | None:
        if (
            side == 0
            or len(payload) != 21 + 8 * many
            or payload[8] != 3
            or payload[19:21] != bytes((4, many))
        ):
            return None
        numbers = [struct.unpack_from("!f", payload, 25 + 8 * k)[0] for k in range(many)]
        made = bytearray(payload)
        for k, number in enumerate(lie(numbers)):
            struct.pack_into("!f", made, 25 + 8 * k, number)
        return bytes(made)

    return told


def _readings(draws: Draws) -> Scenario:
    """What the boiler's controller tells the panel over S7."""
    lasts, which, who = draws.uniform(200.0, 320.0), count(draws, 0, 2), one_of(draws, HIDDEN)
    lies = f"lie {draws.number(40)}"

    def script(scene: Scene) -> Script:
        lie = Lie(draws.of(lies), which, scene.now_s)
        scene.path().alter(InPath("hmi", "plc-boiler", 102, _reals(lie)))
        yield Wait(lasts)
        scene.path().alter(None)

    return drawn("s7-readings-changed", VIEW, who, ["plc-boiler", "hmi"], script)


def _outputs(draws: Draws) -> Scenario:
    """What the boiler's controller wants moved, on its way to the remote I/O: held, off, or wide open."""
    lasts, which = draws.uniform(100.0, 300.0), count(draws, 0, 1)
    to = one_of(draws, (None, 0.0, draws.uniform(0.0, 100.0), 100.0))

    def script(scene: Scene) -> Script:
        held: list[float] = []
        sender = end_of("plc-boiler").mac

        def change(when: int, frame: bytes) -> Sequence[tuple[int, bytes]] | None:
            if frame[6:12] != sender or frame[16:20] != b"\x88\x92" + struct.pack("!H", OUTPUT_FRAME):
                return None
            at = 20 + 4 * which
            held.append(struct.unpack_from("!f", frame, at)[0])
            said = held[0] if to is None else to
            return [(when, frame[:at] + struct.pack("!f", said) + frame[at + 4 :])]

        scene.path().alter(change)
        yield Wait(lasts)
        scene.path().alter(None)

    ids = ("T0831", "T0830", "T0836", "T0855", "T0856")
    return drawn("profinet-outputs-changed", ids, "vendor-laptop", ["rio-boiler", "plc-boiler"], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "s7-readings-changed": _readings, "profinet-outputs-changed": _outputs,
}  # fmt: skip
