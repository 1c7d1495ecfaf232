"""One living plant for all tests of this folder that need no other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.plant.living.running import ROOT, Plant, Traces, traces

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plant, Traces]:
    state = tmp_path_factory.mktemp("living")
    return Plant(state), traces(state)


@pytest.fixture(scope="session")
def plant(before: tuple[Plant, Traces]) -> Iterator[Plant]:
    """In namespaces where that may be, else on loopback."""
    up, _ = before
    up.run("up", "--seed", "7", *(() if ROOT else ("--loopback",)))
    yield up
    up.run("down")


needs_root = pytest.mark.skipif(not ROOT, reason="namespaces need root")
