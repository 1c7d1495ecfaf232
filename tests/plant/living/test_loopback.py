"""Loopback as ground: every service has a place of its own there, whoever may serve which ports."""

from __future__ import annotations

import pytest

from interlock.plant.accounts import Accounts, Seeded
from interlock.plant.control.programs import CONTROLLERS, controller
from interlock.plant.draws import Draws
from interlock.plant.living.loopback import Loopback
from interlock.plant.protocols.opcua_security import TwinKeyring
from interlock.plant.roles import assign


class Listed:
    """A stage that only notes who serves what."""

    def __init__(self) -> None:
        self.ports: list[tuple[str, int]] = []

    def serve(self, machine: str, port: int, service: object) -> None:
        del service
        self.ports.append((machine, port))

    def listen(self, *about: object) -> None:
        """Nothing."""

    def play(self, begin: object) -> None:
        """Nothing."""


class Midnight:
    def now_s(self) -> float:
        return 0.0

    day_s = up_s = now_s

    def filetime(self) -> int:
        return 0


@pytest.mark.parametrize("first", [0, 1024, 2000])
def test_no_two_services_meet(first: int) -> None:
    stage, ground = Listed(), Loopback()
    ground._first = first
    draws = Draws(1)
    about = (Midnight(), TwinKeyring(draws), Accounts(Seeded(draws)))
    assign(stage, {name: controller(name) for name in CONTROLLERS}, *about)
    places = [ground.address(*each) for each in stage.ports]
    assert len(places) == len(set(places)) >= 20
    assert all(address.startswith("127.77.1.") and first <= port < 65536 for address, port in places)
