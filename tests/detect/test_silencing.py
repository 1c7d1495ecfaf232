"""Functions that silence devices are named so by their protocols' own tables."""

from __future__ import annotations

import pytest

from interlock.detect.controller_change import ControllerChange
from interlock.detect.silencing import named_by_functions, silencing

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


@pytest.mark.parametrize(
    ("function", "first"),
    [("FREEZE_CLEAR", "T0872"), ("C_CI_NA_1", "T0872"), ("ERROR LOG CLEAR", "T0872"),
     ("Reset diagnostic counters", "T0872"),
     ("COLD_RESTART", "T0816"), ("Reset", "T0816"), ("ReinitializeDevice", "T0816")],
)  # fmt: skip
def test_clearing_what_was_counted_restarts_nothing(function: str, first: str) -> None:
    row = {"verb": "reset", "function_name": function}
    (finding,) = concluded(ControllerChange(), {"operations": [row]}).findings
    assert finding.techniques[0] == first


def test_silence_comes_before_the_deed_that_its_verb_is() -> None:
    assert named_by_functions("mode-set", ("Force Listen Only Mode",))[:2] == ("T0804", "T0858")
    assert named_by_functions("connect", ("STOPDT",))[:2] == ("T0804", "T0814")
    assert named_by_functions("connect", ("STOPDT", "STARTDT"))[0] == "T0846"
    assert named_by_functions("alarm-suppress", ("DISABLE_UNSOLICITED",))[:2] == ("T0878", "T0804")


def test_a_server_that_registers_itself_is_looked_for_by_others() -> None:
    assert named_by_functions("explore", ("FindServers",)) == ("T0846", "T0888")
    assert named_by_functions("explore", ("FindServers", "RegisterServer2"))[0] == "T0830"
