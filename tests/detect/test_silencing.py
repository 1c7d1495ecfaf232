"""Functions that silence devices are named so by their protocols' own tables."""

from __future__ import annotations

import pytest

from interlock.detect.controller_change import ControllerChange
from interlock.detect.silencing import silencing

from .rows import concluded


@pytest.mark.parametrize("function", ["Force Listen Only Mode", "DeviceCommunicationControl", "STOPDT"])
def test_whoever_silences_a_device_denies_its_reports(function: str) -> None:
    assert silencing([function, "Read"]) == "silencing"
    assert silencing(["Read Holding Registers"]) == ""


def test_a_mode_that_silences_is_named_by_that_too() -> None:
    row = {"verb": "mode-set", "function_name": "Force Listen Only Mode"}
    (finding,) = concluded(ControllerChange(), {"operations": [row]}).findings
    assert {"T0858", "T0804"} <= set(finding.techniques)
    (other,) = concluded(ControllerChange(), {"operations": [{**row, "function_name": "Set Mode"}]}).findings
    assert "T0804" not in other.techniques
