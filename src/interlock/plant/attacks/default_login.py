"""The water controller still has its maker's account: a file of settings is fetched, changed and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Hear, Link, Wait
from interlock.plant.attacks.logon import Logon
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.protocols.ftp import DATA_PORT, line

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_TRIED: Final = (
    Logon(machine="plc-water", service="FTP", user="admin", how="guess", passwords=("admin",)),
    Logon(machine="plc-water", service="FTP", user="USER", how="vendor-default", passwords=("USERUSER",)),
)
"""Accounts that makers have put into their manuals; the water controller is declared still to have the second one."""

_FILE: Final = "/conf/settings.ini"
_CHANGED: Final = b"[buffer]\r\nlevel_setpoint=2.45\r\n"


def _script(scene: Scene) -> Script:
    control, data = Link("vendor-laptop", "plc-water", 21), Link("vendor-laptop", "plc-water", DATA_PORT)
    yield Ask(control, b"")
    for tried in _TRIED:
        yield Ask(control, line(f"USER {tried.user}"))
        yield Ask(control, line(f"PASS {tried.passwords[0]}"))
        yield Wait(scene.draws.uniform(0.5, 1.5))
    yield Ask(control, line("SYST"))
    yield Ask(control, line("TYPE I"))
    for command, octets in (("RETR", b""), ("STOR", _CHANGED)):
        yield Ask(control, line("PASV"))
        yield Ask(data, b"")
        yield Ask(control, line(f"{command} {_FILE}"))
        yield Ask(data, octets)
        yield Close(data)
        yield Wait(1.0)
        yield Hear(control)
    yield Ask(control, line("QUIT"))
    yield Close(control)


SCENARIO: Final = Scenario(
    name="default-login",
    title="A service laptop logs on to the water controller with its maker's account and changes its settings",
    technique="T0812",
    also=("T0859", "T0836"),
    attacker="vendor-laptop",
    victims=("plc-water",),
    harm="The buffer tank is filled until it runs over.",
    script=_script,
    moves=("buffer.level_setpoint", "pump.speed", "buffer.level"),
    logons=_TRIED,
)
