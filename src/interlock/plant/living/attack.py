"""Attacks and rare events on the living plant: played by the plant itself, from their machines, to their end."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from typing import TYPE_CHECKING, Any, Final

from interlock.plant.attacks.scenario import Scene
from interlock.plant.attacks.table import scenario
from interlock.plant.events.event import Moment
from interlock.plant.events.table import event
from interlock.plant.living.stage import Counts
from interlock.plant.twin.cases import AFTER_S, Case, Occasion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from interlock.plant.accounts import Accounts
    from interlock.plant.actors.steps import Script
    from interlock.plant.draws import Draws
    from interlock.plant.events.event import Plant
    from interlock.plant.living.stage import LivingStage
    from interlock.plant.process.tags import State
    from interlock.plant.protocols.opcua_security import Keyring

__all__ = ["SCHEMA", "Attacks"]

SCHEMA: Final = "interlock/plant-living-truth/1"
_TOLD_EVERY_S: Final = 1.0
_CONNECTION: Final = ("client", "client_port", "server", "server_port", "transport")


class _Nanoseconds:
    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s

    @property
    def now(self) -> int:
        """Since the epoch."""
        return round(self._now_s() * 1e9)


class _Played:
    """One attack or event: its case, what its script did, and why it stopped where it came to grief."""

    def __init__(self, case: Case | Occasion, counts: Counts) -> None:
        self.case = case
        self.kind = "attack" if isinstance(case, Case) else "event"
        self.counts = counts
        self.ended_s: float | None = None
        self.trouble = ""
        self.told = False

    def truth(self, *, connections: bool = False) -> dict[str, Any] | None:
        """As the truth file has it: numbers of frames are known only in recordings, connections in their place."""
        told = self.case.truth()
        if told is None:
            return None
        told.pop("frames")
        counts = self.counts
        did: dict[str, Any] = {
            "asked": counts.asked,
            "answered": counts.answered,
            "refused": counts.refused,
            "frames_sent": counts.cast,
        }
        if connections:
            did["connections"] = [dict(zip(_CONNECTION, each, strict=True)) for each in counts.connections]
        return {
            "schema": SCHEMA, "kind": self.kind, **told, **did, "trouble": self.trouble, "settled": self.told,
        }  # fmt: skip


class Attacks:
    """Every attack and event of a run. truth: the file that says what was played, a line at each one's end."""

    def __init__(
        self, stage: LivingStage, state: State, draws: Draws, now_s: Callable[[], float], truth: Path
    ) -> None:
        self._stage = stage
        self._state = state
        self._draws = draws
        self._now_s = now_s
        self._truth = truth
        self._played: list[_Played] = []

    def look(self) -> None:
        """After each step of the process: note how far variables are; what has settled is written down."""
        for each in self._played:
            each.case.look()
            if not each.told and each.ended_s is not None and self._now_s() > each.ended_s + AFTER_S:
                each.told = True
                self._write(each)
        self._played = [p for p in self._played if not p.told]

    def status(self) -> list[dict[str, Any]]:
        """Those that run, and those whose consequences are still watched."""
        found = []
        for each in self._played:
            told = each.truth()
            if told is not None and each.kind == "attack":
                found.append({**told, "running": each.ended_s is None})
        return found

    async def play(self, name: str, keyring: Keyring, accounts: Accounts) -> AsyncIterator[dict[str, Any]]:
        """Play an attack; says each second what it did. Raises KeyError where there is none of this name."""
        case = Case(scenario(name), _Nanoseconds(self._now_s), self._state)
        draws = self._draws.of(f"attack {name} {self._now_s()}")
        scene = Scene(draws, self._now_s, keyring, accounts)
        async for line in self._watched(case, case.watched(scene)):
            yield line

    async def befall(
        self, name: str, plant: Plant, keyring: Keyring, accounts: Accounts
    ) -> AsyncIterator[dict[str, Any]]:
        """Let a rare event happen; says each second what it did. Raises KeyError where there is none of this name."""
        occasion = Occasion(event(name), _Nanoseconds(self._now_s))
        draws = self._draws.of(f"event {name} {self._now_s()}")
        script = occasion.watched(Moment(draws, self._now_s, plant, keyring, accounts))
        async for line in self._watched(occasion, script):
            yield line

    async def _watched(self, case: Case | Occasion, script: Script) -> AsyncIterator[dict[str, Any]]:
        played = _Played(case, Counts())
        self._played.append(played)
        running = asyncio.ensure_future(self._stage.run(script, played.counts))
        try:
            while not running.done():
                await asyncio.wait((running,), timeout=_TOLD_EVERY_S)
                yield {"event": "running", "truth": played.truth()}
            error = running.exception()
            played.trouble = "" if error is None else _reason(error)
        finally:
            running.cancel()
            played.ended_s = self._now_s()
            if case.end_ns is None:
                played.trouble = played.trouble or "stopped by hand"
            self._write(played)
        yield {"event": "ended", "truth": played.truth(connections=True)}

    def finish(self) -> None:
        """The plant ends: write down what has not been."""
        for each in self._played:
            each.told = True
            self._write(each)

    def _write(self, played: _Played) -> None:
        """A line when it ends, and another one once its consequences have settled; the last one counts."""
        told = played.truth(connections=True)
        if told is None:
            return
        handle = os.open(self._truth, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")


def _reason(error: BaseException) -> str:
    """Scripts raise where a machine does not say what they need."""
    if not isinstance(error, (ValueError, IndexError, struct.error)):
        raise error
    return f"its script stopped: {error}"
