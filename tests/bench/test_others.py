"""What one protocol's presence costs the others is found, and so is what it takes of theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from measuring.company import Instructions, guests, valgrind

from decode.contract.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FEW = tuple(s for s in SUBJECTS if s.name in ("modbus", "s7comm", "mms", "dns"))


def calls(work: Callable[[], object]) -> float:
    """Count calls of Python functions: the same in every run."""
    found = 0

    def called(_frame: object, event: str, _what: object) -> None:
        nonlocal found
        found += event == "call"

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return float(found)


def with_probe(probe: Callable[[bytes, Any], int]) -> list[Any]:
    """The few protocols, with this probe for DNS."""
    return [replace(s, spec=replace(s.spec, probe=probe)) if s.name == "dns" else s for s in FEW]


def test_a_probe_that_works_long_at_what_others_say_is_found() -> None:
    def slow(octets: bytes, _hint: object) -> int:
        return min(0, sum(len(octets) < n for n in range(10_000)))  # a generator's turns are calls

    (quick,) = guests(with_probe(lambda _octets, _hint: 0), calls, 3, ("dns",))
    (found,) = guests(with_probe(slow), calls, 3, ("dns",))
    assert found.without == pytest.approx(quick.without, rel=0.01)  # garbage is collected when it is
    assert quick.same_rows
    assert found.same_rows
    assert found.share > quick.share + 0.5


def test_who_takes_what_others_say_is_found() -> None:
    (found,) = guests(with_probe(lambda _octets, _hint: 100), calls, 1, ("dns",))
    assert not found.same_rows


def test_what_rides_on_a_protocol_goes_with_it() -> None:
    found = {guest.folder: guest for guest in guests(FEW, calls, 1)}
    assert list(found) == [s.name for s in FEW]
    assert all(guest.same_rows for guest in found.values())
    assert found["s7comm"].without < found["mms"].without


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_instructions_of_a_child_are_counted(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from pathlib import Path\n"
        "from measuring.company import Instructions\n"
        "meter = Instructions(Path(sys.argv[1]))\n"
        "print([meter(lambda: sum(range(n))) for n in (100_000, 300_000)])\n"
    )
    command = [*valgrind(tmp_path), sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": "0"}
    )
    few, many = map(float, run.stdout.strip("[]\n").split(","))
    assert 2 < many / few < 4
    assert few > 100_000


def test_a_child_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="status 256"):
        Instructions(tmp_path)(lambda: 1 / 0)
