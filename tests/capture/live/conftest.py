from __future__ import annotations

import pytest

from .network import REASON, Network


@pytest.fixture
def network():
    if REASON:
        pytest.skip(REASON)
    made = Network()
    try:
        yield made
    finally:
        made.close()
