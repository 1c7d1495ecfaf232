"""OPC UA: what PIPEDREAM's tool for it does, and what exhausts its servers."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.pasteuriser import PASTEURISER_URL
from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.blind.chance import anybody, attacker, count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.protocols.opcua_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_SINCE_1601: Final = 116_444_736_000_000_000


def _speaker(who: str, scene: Scene) -> Client:
    return Client(PASTEURISER_URL, who, lambda: round(scene.now_s() * 1e7) + _SINCE_1601)


def _opcua_sessions(draws: Draws) -> Scenario:
    """Channels and sessions are made and left open; half of them are never closed."""
    who, many, pause = attacker(draws, "plc-pasteuriser"), count(draws, 30, 150), pace(draws, 0.02, 0.5)
    sessions = draws.uniform() < 0.6

    def script(scene: Scene) -> Script:
        for _ in range(many):
            link, speaker = Link(who, "plc-pasteuriser", 4840), _speaker(who, scene)
            yield Ask(link, speaker.hello())
            speaker.opened((yield Ask(link, speaker.open()))[0])
            if sessions:
                yield Ask(link, speaker.create_session())
            yield Close(link)
            yield Wait(pause)

    return drawn("opcua-sessions", ("T0814", "T0813", "T0846", "T0815"), who, ["plc-pasteuriser"], script)


def _opcua_browse(draws: Draws) -> Scenario:
    """Endpoints, then everything there is, then the values of it."""
    who, pause, rounds = attacker(draws, "plc-pasteuriser"), pace(draws, 0.02, 1.0), count(draws, 5, 60)

    def script(scene: Scene) -> Script:
        link, speaker = Link(who, "plc-pasteuriser", 4840), _speaker(who, scene)
        yield Ask(link, speaker.hello())
        speaker.opened((yield Ask(link, speaker.open()))[0])
        yield Ask(link, speaker.get_endpoints())
        speaker.created((yield Ask(link, speaker.create_session()))[0])
        yield Ask(link, speaker.activate_session())
        for _ in range(rounds):
            yield Ask(link, speaker.browse())
            yield Wait(pause)
        yield Close(link)

    ids = ("T0861", "T0888", "T0846", "T0802", "T0801")
    return drawn("opcua-browse", ids, who, ["plc-pasteuriser"], script)


def _opcua_chunks(draws: Draws) -> Scenario:
    """Chunks that never end, a greeting without end, or messages before any channel."""
    who, many, pause = anybody(draws, "plc-pasteuriser"), count(draws, 20, 300), pace(draws, 0.01, 0.3)
    what = one_of(draws, ("chunks", "hello", "early"))

    def script(scene: Scene) -> Script:
        link, speaker = Link(who, "plc-pasteuriser", 4840), _speaker(who, scene)
        yield Ask(link, speaker.hello())
        if what == "chunks":
            speaker.opened((yield Ask(link, speaker.open()))[0])
        for _ in range(many):
            body = bytes(scene.draws.number(8) for _ in range(200))
            octets = {
                "chunks": b"MSGC" + struct.pack("<IIIII", 24 + len(body), 1, 1, 2, 2) + body,
                "hello": speaker.hello(),
                "early": b"MSGF" + struct.pack("<IIIII", 24 + len(body), 9, 9, 9, 9) + body,
            }[what]
            yield Ask(link, octets)
            yield Wait(pause)
        yield Close(link)

    return drawn(f"opcua-{what}", ("T0814", "T0866", "T0855"), who, ["plc-pasteuriser"], script)


def _opcua_users(draws: Draws) -> Scenario:
    """Users and passwords are tried out."""
    who, many, pause = anybody(draws, "plc-pasteuriser"), count(draws, 5, 40), pace(draws, 0.2, 4.0)

    def script(scene: Scene) -> Script:
        for k in range(many):
            link, speaker = Link(who, "plc-pasteuriser", 4840), _speaker(who, scene)
            yield Ask(link, speaker.hello())
            speaker.opened((yield Ask(link, speaker.open()))[0])
            speaker.created((yield Ask(link, speaker.create_session()))[0])
            user = one_of(scene.draws, ("admin", "operator", "root", "opcua"))
            yield Ask(link, speaker.activate_session(user, f"{user}{k}"))
            yield Close(link)
            yield Wait(min(pause, 120 / many))

    ids = ("T0859", "T0812", "T0814", "T0891", "T0886", "T0806")
    return drawn("opcua-users", ids, who, ["plc-pasteuriser"], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "opcua-sessions": _opcua_sessions, "opcua-browse": _opcua_browse, "opcua-malformed": _opcua_chunks,
    "opcua-users": _opcua_users,
}  # fmt: skip
