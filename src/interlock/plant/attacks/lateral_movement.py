"""From the panel, other Windows machines are tried, and then a controller that the panel never talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.accounts import DOMAIN
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.actors.windows import log_on, log_on_to_desktop, wrong_account
from interlock.plant.attacks.logon import Logon
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import modbus, rdp

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_WRITES: Final = 60
_TRIED: Final = ("historian", "engineering")
_NAMES: Final = ("operator", "administrator")
_WINRM: Final = (
    b"POST /wsman HTTP/1.1\r\nHost: MACHINE:5985\r\nUser-Agent: Microsoft WinRM Client\r\n"
    b"Content-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: 0\r\n\r\n"
)


def _desktop(machine: str) -> Logon:
    """A guess at whoever may log on to a desktop."""
    return Logon(machine=machine, service="RDP", user="administrator", how="guess", passwords=("Sommer2026",))


def _script(scene: Scene) -> Script:
    for machine in _TRIED:
        for user in _NAMES:
            link = Link("hmi", machine, 445)
            yield from log_on(link, scene, wrong_account(user))
            yield Close(link)
            yield Wait(scene.draws.uniform(2.0, 5.0))
        remote = Link("hmi", machine, 5985)
        yield Ask(remote, _WINRM.replace(b"MACHINE", machine.encode("ascii")))
        yield Close(remote)
        desktop, guess = Link("hmi", machine, 3389), _desktop(machine)
        login = rdp.Login(DOMAIN, guess.user, guess.passwords[0], "HMI", BY_NAME["hmi"].ip)
        yield from log_on_to_desktop(desktop, login, scene.keyring.visitor())
        yield Close(desktop)
        yield Wait(scene.draws.uniform(2.0, 5.0))
    drive = Link("hmi", "drive-pump", 502)
    yield Ask(drive, modbus.adu(1, 1, modbus.read(3, 0, 1)))
    for k in range(_WRITES):
        yield Ask(drive, modbus.adu(2 + k, 1, modbus.write_register(0, 0)))
        yield Wait(scene.draws.uniform(0.3, 0.5))
    yield Close(drive)


SCENARIO: Final = Scenario(
    name="lateral-movement",
    title="The panel, taken over, tries historian and engineering station, then stops the pump at its drive",
    technique="T0886",
    also=("T0859", "T0855"),
    attacker="hmi",
    victims=("historian", "engineering", "drive-pump"),
    harm="The pump stutters between standstill and its set point; the buffer tank runs low.",
    script=_script,
    logons=(
        *(Logon(machine=m, service="SMB", user=user, how="guess") for m in _TRIED for user in _NAMES),
        *map(_desktop, _TRIED),
    ),
    moves=("pump.speed_setpoint", "pump.speed"),
)
