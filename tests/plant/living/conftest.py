"""A living plant for all tests of a module that need no other one; of all test processes one module at a time has any.

What a plant leaves behind can only be seen where no other one lives.
"""

from __future__ import annotations

import fcntl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.plant.living.running import ROOT, Plant, Traces, traces

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    """No other test process has a plant meanwhile."""
    with (Path(tempfile.gettempdir()) / "interlock-living-plant.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def before(alone: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plant, Traces]:
    state = tmp_path_factory.mktemp("living")
    return Plant(state), traces(state)


@pytest.fixture(scope="module")
def plant(before: tuple[Plant, Traces]) -> Iterator[Plant]:
    """In namespaces where that may be, else on loopback."""
    up, _ = before
    up.run("up", "--seed", "7", *(() if ROOT else ("--loopback",)))
    yield up
    up.run("down")


needs_root = pytest.mark.skipif(not ROOT, reason="namespaces need root")
