"""A protocol outside the package, registered by its entry point alone, is judged by the same suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

TESTS = Path(__file__).parents[1]

DECODER = '''
"""A thing that counts: | 0xAC 0x4D | 2 | length 1 | function 1 | number 1 |; answers have bit 7 of the function set."""

from interlock.decode.decoder import Decoder
from interlock.decode.framing import LengthFramer
from interlock.decode.spec import NEED_MORE, ProtocolSpec


class Acme(Decoder):
    def message(self, m, i, out):
        c = self.cursor
        c.skip(3)
        function, number = c.u8(), c.u8()
        if m.direction[i]:
            row = out.answer(m, i, number)
            if row < 0:
                out.orphan(m, i, self.f, function & 0x7F, number)
        else:
            row = out.ask(m, i, self.f, function, number)
            out.set_object(row, self.objects.code(f"counter:{number}"), 1)


def _probe(octets, hint):
    if len(octets) < 5:
        return NEED_MORE if b"\\xac\\x4d"[: len(octets)] == octets[:2] else 0
    return 80 if octets[:2] == b"\\xac\\x4d" else 0


def framer():
    return LengthFramer(header=3, at=2, width=1, minimum=5, maximum=64, magic=((0, 255, 0xAC), (1, 255, 0x4D)))


SPEC = ProtocolSpec(
    name="acme", names=("acme",), probe=_probe, decoder=Acme, tcp=frozenset({47001}), framer=framer
)
'''
SEEDS = """
from decode.seeds import Seed

SEEDS = (
    Seed(
        name="counts",
        transport="tcp",
        port=47001,
        messages=tuple(
            message
            for n in range(4)
            for message in ((0, bytes((0xAC, 0x4D, 5, 1, n))), (1, bytes((0xAC, 0x4D, 5, 0x81, n))))
        ),
    ),
)
"""
VERBS = '[acme]\n1 = { name = "Count", verb = "read" }\n'
QUALITY = """
name = "acme"
title = "Counting"
depth = "L2"
specification = "this test"
ground_truth = []
function_numbering = "the function octet without bit 7"
functions_known = 1
functions_in_specification = 1
missing = []

[oddities]
truncated = "the message ends before its fields do"
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as pip leaves it: the package, and metadata with its entry point."""
    package, metadata = tmp_path / "acme_interlock", tmp_path / "acme_interlock-1.0.dist-info"
    package.mkdir()
    metadata.mkdir()
    files = {
        "__init__.py": "",
        "decoder.py": DECODER,
        "seeds.py": SEEDS,
        "verbs.toml": VERBS,
        "quality.toml": QUALITY,
    }
    for name, text in files.items():
        (package / name).write_text(text, "utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-interlock\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text(
        "[interlock.protocols]\nacme = acme_interlock.decoder\n", "utf-8"
    )
    return tmp_path


def _suite(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = dict(
        os.environ, PYTHONPATH=os.pathsep.join((str(folder), *sys.path)), **more
    )
    files = ("decode/test_contract.py", "decode/test_contract_bounds.py")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "acme", *files]
    return subprocess.run(
        command, cwd=TESTS, env=environment, check=False, capture_output=True, text=True, timeout=600
    )


def test_it_passes_by_its_entry_point_alone(installed: Path) -> None:
    ran = _suite(installed)
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "passed" in ran.stdout


def test_its_faults_are_found(installed: Path) -> None:
    decoder = installed / "acme_interlock" / "decoder.py"
    faulty = decoder.read_text("utf-8").replace("c.skip(3)", "c.skip(3); 1 // (m.bytes(i)[4] & 0x7F)")
    decoder.write_text(faulty, "utf-8")
    ran = _suite(installed)
    assert ran.returncode == 1
    assert "decoder-error:ZeroDivisionError" in ran.stdout
