"""What holds for every registered protocol, whatever octets reach it."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Tcp, run, udp
from interlock.decode.registry import PROTOCOLS, load_specs
from interlock.records.vocabulary import VERBS

FOLDER = files("interlock.decode.protocols")
SPECS = dict(zip(PROTOCOLS, load_specs(outside=False), strict=True))
ENGINE_ODDITIES = {"truncated", "over-budget", "not-framed", "turned-opaque"}
QUALITY_KEYS = {
    "name", "title", "depth", "specification", "ground_truth", "function_numbering", "functions_known",
    "functions_in_specification", "missing", "oddities",
}  # fmt: skip
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _toml(name: str, file: str) -> dict:
    return tomllib.loads((FOLDER / name / file).read_text("utf-8"))


def test_the_table_and_the_folders_agree() -> None:
    folders = {f.name for f in FOLDER.iterdir() if f.is_dir() and (f / "decoder.py").is_file()}
    assert folders == set(PROTOCOLS)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_quality_says_everything(name: str) -> None:
    quality = _toml(name, "quality.toml")
    assert QUALITY_KEYS - set(quality) == set()
    assert quality["depth"] in {"L0", "L1", "L2", "L3", "L4"}
    assert all(set(gap) == {"what", "why"} for gap in quality["missing"])


@pytest.mark.parametrize("name", PROTOCOLS)
def test_verbs_are_of_the_closed_set(name: str) -> None:
    verbs = {row["verb"] for table in _toml(name, "verbs.toml").values() for row in table.values()}
    assert verbs <= set(VERBS)


def _judge(name: str, rows: dict) -> None:
    declared = ENGINE_ODDITIES | set(_toml(name, "quality.toml")["oddities"])
    own = SPECS[name].names
    met = {r["oddity"] for r in rows["oddities"] if r["protocol"] in own}
    assert not {o for o in met if o.startswith("decoder-error")}
    assert met <= declared


def _stream(name: str, pieces: list[tuple[int, bytes]], *, handshake: bool, batch: int = 0) -> dict:
    connection = Tcp(min(SPECS[name].tcp))
    if handshake:
        connection.open()
    for side, octets in pieces:
        connection.segment(side, octets)
    return run(connection.frames, batch=batch)


PIECES = st.lists(
    st.tuples(st.sampled_from((CLIENT, SERVER)), st.binary(min_size=1, max_size=200)), max_size=8
)


@pytest.mark.parametrize("name", [n for n, s in SPECS.items() if s.tcp and s.framer])
@FEW
@given(pieces=PIECES, handshake=st.booleans(), batch=st.sampled_from((0, 1, 7)))
def test_any_stream_gives_records_or_declared_oddities(name, pieces, handshake, batch) -> None:
    _judge(name, _stream(name, pieces, handshake=handshake, batch=batch))


@pytest.mark.parametrize("name", [n for n, s in SPECS.items() if s.udp])
@FEW
@given(pieces=PIECES)
def test_any_datagram_gives_records_or_declared_oddities(name, pieces) -> None:
    _judge(name, udp(pieces, port=min(SPECS[name].udp)))
