"""Every function that a verbs.toml names is recognised on the wire, named and given that verb or a surer one."""

from __future__ import annotations

import struct

import pytest

from decode.feed import CLIENT, SERVER, Rows, Tcp, _ip, run
from decode.protocols import every_function
from decode.protocols.every_function import WAYS, Way
from interlock.decode.registry import load_verbs

VERBS = load_verbs(outside=False)


def flows(way: Way, octets: bytes, number: int) -> list[bytes]:
    """The message behind what comes before it: from the client in one flow, from the server in another."""
    frames = []
    for k, side in enumerate((CLIENT, SERVER)):
        port = 20_000 + 2 * number + k
        said = [*way.before, (side, octets)]
        if way.transport == "tcp":
            connection = Tcp(way.port, port)
            connection.open()
            for who, what in said:
                connection.segment(who, what)
            frames += connection.frames
        else:
            ends = (port, way.port)
            frames += [
                _ip(struct.pack(">HHHH", ends[who], ends[1 - who], 8 + len(what), 0) + what, 17, who)
                for who, what in said
            ]
    return frames


def told(table: str) -> tuple[Rows, list[int]]:
    way, frames, tried = WAYS[table], [], []
    for number, (function, (name, _)) in enumerate(VERBS[table].items()):
        octets = way.message(function, name)
        if octets is not None and function not in way.elsewhere:
            frames += flows(way, octets, number)
            tried.append(function)
    return run(frames, wanted=frozenset({"operations", "oddities"})), tried


@pytest.mark.parametrize("table", WAYS)
def test_every_function_is_told(table: str) -> None:
    rows, tried = told(table)
    said = {(r["function"], r["function_name"]) for r in rows["operations"] if r["item"] == 0}
    named = {(f, VERBS[table][f][0]) for f in tried}
    assert named - said == set()
    assert set(VERBS[table]) - set(tried) - set(WAYS[table].elsewhere) == set()
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize("body", [b"", b"\xff" * 24, bytes(range(24))], ids=["nothing", "ones", "counted"])
@pytest.mark.parametrize("table", WAYS)
def test_no_function_breaks_on_any_body(table: str, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every_function, "ZEROS", body)
    rows, _ = told(table)
    broke = ("decoder-error", "turned-opaque", "over-budget", "flooded")
    assert not [r["oddity"] for r in rows["oddities"] if r["oddity"].startswith(broke)]
