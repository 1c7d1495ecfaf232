"""What the program's very beginning makes of its words."""

from __future__ import annotations

import pytest

from interlock.cli.start import _interfaces, _ring_mib

CONFIG = '[[sensor.interfaces]]\nname = "eth1"\nworkers = 2\n[[sensor.interfaces]]\nname = "eth2"\n'


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("-i eth1 --out x", [("eth1", 1)]),
        ("-ieth1 -i eth2=hall --workers 3", [("eth1", 3), ("eth2", 3)]),
        ("--interface=eth1 --workers=2", [("eth1", 2)]),
        ("--workers many -i eth1", []),
        ("--out x", []),
        ("-i", []),
        ("--config {file}", [("eth1", 2), ("eth2", 1)]),
        ("--config={file} -i eth9", [("eth9", 1)]),
        ("--config {file}.none", []),
        ("--config {file}.none --config {file}", [("eth1", 2), ("eth2", 1)]),
    ],
)
def test_interfaces_are_seen_at_first_sight(words, found, tmp_path):
    file = tmp_path / "interlock.toml"
    file.write_text(CONFIG)
    assert _interfaces(words.format(file=file).split()) == found


@pytest.mark.parametrize(
    "text", ["[", "sensor = 3", "[sensor]\ninterfaces = [1]", "[[sensor.interfaces]]\nname = 4\nworkers = []"]
)
def test_a_file_that_is_wrong_is_nothing_yet(text, tmp_path):
    file = tmp_path / "interlock.toml"
    file.write_text(text)
    assert _interfaces(["--config", str(file)]) in ([], [("4", 1)])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[sensor.memory]\nring_mib = 32", 32), ("[sensor.memory]\nflows = 9000", None), ("", None),
        ("[sensor.memory]\nring_mib = 0", None), ("[sensor.memory]\nring_mib = 1_000_000", None),
        ("[sensor.memory]\nring_mib = true", None), ("[sensor.memory]\nring_mib = '32'", None),
        ("[sensor]\nmemory = 3", None), ("sensor = []", None), ("[", None),
    ],
)  # fmt: skip
def test_how_large_rings_are_to_be_is_seen_also_where_interfaces_are_named_on_the_command_line(
    text, found, tmp_path
):
    file = tmp_path / "interlock.toml"
    file.write_text(text)
    assert _ring_mib(["-i", "eth1", "--config", str(file)]) == found
    assert _ring_mib(["-i", "eth1", f"--config={file}.none"]) is None
    assert _ring_mib(["-i", "eth1"]) is None
