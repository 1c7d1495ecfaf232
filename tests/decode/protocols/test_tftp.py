"""TFTP: requests and the files that follow from ports of their own; compared with tshark where it is installed."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, _ip, run
from decode.protocols.second_reader import tshark_objects
from decode.seeds.tftp import ack, block, error, options, request

if TYPE_CHECKING:
    from pathlib import Path

Talk = list[tuple[int, bytes]]
FILE = b"".join(hashlib.sha256(bytes((k & 255, k >> 8))).digest() for k in range(200)) + b"end"
quickly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def frames(talk: Talk, port: int = 50_001, client: int = 40_000) -> list[bytes]:
    """Requests go to port 69, all that follows to and from a port of the server's own."""
    made = []
    for side, octets in talk:
        ports = (client, 69 if octets[1] in (1, 2) else port)
        head = struct.pack(">HHHH", ports[side], ports[1 - side], 8 + len(octets), 0)
        made.append(_ip(head + octets, 17, side))
    return made


def blocks(octets: bytes, size: int = 512) -> list[bytes]:
    return [block(k, octets[at : at + size]) for k, at in enumerate(range(0, len(octets) + 1, size), 1)]


def fetched(octets: bytes = FILE, name: bytes = b"fw.bin", size: int = 512, **agreed: int) -> Talk:
    talk: Talk = [(CLIENT, request(1, name, **({"blksize": size} if size != 512 else {}), **agreed))]
    if size != 512 or agreed:
        talk += [(SERVER, options(blksize=size, **agreed)), (CLIENT, ack(0))]
    for number, part in enumerate(blocks(octets, size), 1):
        talk += [(SERVER, part), (CLIENT, ack(number))]
    return talk


def put(octets: bytes = FILE, name: bytes = b"fw.bin") -> Talk:
    talk: Talk = [(CLIENT, request(2, name)), (SERVER, ack(0))]
    for number, part in enumerate(blocks(octets), 1):
        talk += [(CLIENT, part), (SERVER, ack(number))]
    return talk


def told(talk: Talk, **more: Any) -> list[tuple[Any, ...]]:
    rows = run(frames(talk), **more)
    assert rows["oddities"] == []
    return [(r["name"], r["direction"], r["state"], r["sha256"]) for r in rows["artifacts"]]


def whole(way: str, octets: bytes = FILE) -> list[tuple[Any, ...]]:
    return [("fw.bin", way, "whole", hashlib.sha256(octets).hexdigest())]


@pytest.mark.parametrize("batch", [0, 1, 3])
def test_a_file_is_whole_both_ways_wherever_batches_end(batch: int) -> None:
    assert told(fetched(), batch=batch) == whole("read")
    assert told(put(), batch=batch) == whole("written")


@quickly
@given(st.binary(max_size=3000), st.sampled_from([8, 512, 1024, 1428]))
def test_any_octets_in_any_size_of_block(octets: bytes, size: int) -> None:
    assert told(fetched(octets, size=size)) == whole("read", octets)


def test_the_request_is_a_row_with_its_outcome_and_ends() -> None:
    rows = run(frames(fetched()))
    (row,) = rows["operations"]
    (artifact,) = rows["artifacts"]
    assert (row["verb"], row["object"], row["outcome"], row["function"]) == ("file-read", "fw.bin", "ok", 1)
    assert (artifact["client"], artifact["server"]) == (row["client"], row["server"])
    assert artifact["operation"] == row["operation"]
    assert {f["protocol"] for f in rows["flows"]} == {"tftp"}
    assert {f["client"] for f in rows["flows"]} == {row["client"]}
    assert ("service", "tftp/69") in {(c["field"], c["value"]) for c in rows["clues"]}


def test_what_the_server_refuses_is_refused_with_its_code() -> None:
    rows = run(frames([(CLIENT, request(2, b"fw.bin")), (SERVER, error(2))]))
    (row,) = rows["operations"]
    assert (row["verb"], row["outcome"], row["code"]) == ("file-write", "refused", 2)
    assert rows["artifacts"] == []


def test_nobody_there_is_no_answer() -> None:
    (row,) = run(frames([(CLIENT, request(1, b"fw.bin"))]))["operations"]
    assert row["outcome"] in ("no-answer", "unknown")


def test_blocks_that_come_again_and_those_that_run_ahead_change_nothing() -> None:
    talk = fetched()
    again = [*talk[:4], talk[3], talk[3], *talk[4:]]
    assert told(again) == whole("read")
    ahead = [*talk[:3], talk[7], *talk[3:]]  # a window whose second block was lost on the way, and sent again
    assert told(ahead) == whole("read")


@pytest.mark.parametrize(
    "talk",
    [
        [*fetched()[:3], *fetched()[5:]],
        fetched()[:-2],
        [*put()[:6], (SERVER, error(3))],
        fetched(tsize=9),
    ],
    ids=["a block is missing", "the end is", "the server gave up", "as many octets were announced"],
)
def test_what_is_not_all_there_has_no_hash(talk: Talk) -> None:
    ((_, _, state, sha256),) = told(talk)
    assert state in ("incomplete", "refused")
    assert sha256 is None


def test_numbers_of_blocks_begin_anew_after_65535() -> None:
    octets = bytes(range(256)) * 2064
    assert told(fetched(octets, size=8)) == whole("read", octets)


def test_two_transfers_between_the_same_ports_are_two() -> None:
    assert told([*fetched(), *put(FILE[:700]), *fetched(b"x")]) == [
        *whole("read"),
        *whole("written", FILE[:700]),
        *whole("read", b"x"),
    ]


def test_transfers_beside_each_other_are_kept_apart() -> None:
    one, other = frames(fetched(), 50_001, 40_001), frames(put(FILE[:2000]), 50_002, 40_002)
    mixed = [f for pair in zip(one, other, strict=False) for f in pair] + one[len(other) :]
    found = {(r["direction"], r["sha256"]) for r in run(mixed)["artifacts"]}
    assert found == {(way, sha) for (_, way, _, sha) in (*whole("read"), *whole("written", FILE[:2000]))}


def test_a_server_that_stays_on_its_port_is_understood() -> None:
    assert [r["state"] for r in run(frames(put(), port=69))["artifacts"]] == ["whole"]


def test_a_mode_that_changes_octets_is_said() -> None:
    (row,) = run(frames([(CLIENT, request(1, b"a.txt", b"NetASCII")), (SERVER, block(1, b"a\r\n"))]))[
        "artifacts"
    ]
    assert row["detail"] == "mode: netascii"


@quickly
@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=60)), max_size=12), st.integers(0, 5))
def test_any_octets_are_survived(octets: Talk, batch: int) -> None:
    talk = [*fetched()[:4], *((side, b"\0" + o[:1] + o[1:]) for side, o in octets if len(o) > 2)]
    for row in run(frames(talk), batch=batch)["artifacts"]:
        assert (row["sha256"] is None) == (row["state"] != "whole")


def test_tshark_puts_the_same_files_together(tmp_path: Path) -> None:
    for number, talk in enumerate((fetched(), put(), fetched(FILE, size=1024))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (octets,) = tshark_objects(frames(talk), "tftp", folder).values()
        assert told(talk)[0][3] == hashlib.sha256(octets).hexdigest()
