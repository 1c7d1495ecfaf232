"""Files of sets beside rules: which are read, which never are, and what is said of them."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import tarfile
import zipfile
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.cli import terminal

from capture.writers import Packet, pcap
from decode.feed import ethernet
from interlock.bootstrap import signature_sets, signatures
from interlock.bootstrap.signature_cache import PlanCache
from interlock.bootstrap.signatures import build_signatures
from interlock.bootstrap.unpacking import pack_files
from interlock.detect.signatures.language import datasets

if TYPE_CHECKING:
    from pathlib import Path

RULE = 'alert dns any any -> any any (msg:"m{0}"; dns.query; {1}; sid:{0};)\n'
LOAD = "dataset:isset,{},type string,load {}"
SECRET = b"s" * 32


def coded(*names: str) -> str:
    return "".join(base64.b64encode(name.encode()).decode() + "\n" for name in names)


def checked(folder: Path):
    ended = terminal.run("signature", "check", folder, "--json")
    document = json.loads(ended.out.decode())
    return (
        ended.code,
        {one["sid"]: f"{one['keyword']}: {one['reason']}" for one in document["refusals"]},
        document,
    )


def given(folder: Path, cache: PlanCache | None = None, told=lambda _: None):
    detector = build_signatures((str(folder),), told, cache)
    known = detector.engine.memory.datasets.given
    return {name: set(members) for name, members in known.items()}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "sub").mkdir(parents=True)
    (folder / "top.lst").write_text(coded("a.example"))
    (folder / "sub" / "near.lst").write_text(coded("b.example", "c.example"))
    return folder


def test_a_file_lies_beside_its_rule_or_below_all_rules(rules: Path) -> None:
    names = ("near.lst", "top.lst", "sub/near.lst")
    text = "".join(RULE.format(k, LOAD.format(f"s{k}", name)) for k, name in enumerate(names, 1))
    (rules / "sub" / "a.rules").write_text(text)
    assert checked(rules)[:2] == (0, {})
    assert given(rules) == {
        "s1": {b"b.example", b"c.example"},
        "s2": {b"a.example"},
        "s3": {b"b.example", b"c.example"},
    }


@pytest.mark.parametrize(
    "load",
    ["../secret.lst", "/etc/hostname", "sub/../../secret.lst", "a\\b.lst", ".hidden.lst", "link.lst", "C:x"],
)
def test_nothing_outside_the_folder_is_opened(rules: Path, load: str) -> None:
    (rules.parent / "secret.lst").write_text(coded("secret.example"))
    (rules / ".hidden.lst").write_text(coded("hidden.example"))
    (rules / "link.lst").symlink_to(rules.parent / "secret.lst")
    (rules / "a.rules").write_text(RULE.format(1, LOAD.format("s", load)) + RULE.format(2, 'content:"x"'))
    code, refused, _ = checked(rules)
    assert (code, list(refused)) == (1, [1])
    assert refused[1].startswith("dataset: ")
    assert "out of the folder of the rules" in refused[1]
    assert given(rules) == {}


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (None, "top2.lst is not there; put it beside a.rules"),
        (b"YQ==\n\nzz!\n", "top2.lst:3: 'zz!' is no Base64"),
        (b"YQ==\n" * 3 + b"YmI=,1e5\n", "top2.lst:4: '1e5' is no value from 0 to 65535"),
    ],
)
def test_a_wrong_file_refuses_its_rule_alone(rules: Path, octets: bytes | None, said: str) -> None:
    if octets is not None:
        (rules / "top2.lst").write_bytes(octets)
    (rules / "a.rules").write_text(
        RULE.format(1, LOAD.format("s", "top2.lst"))
        + RULE.format(2, "datarep:r,>,1,load top.lst,type string")
        + RULE.format(3, LOAD.format("t", "top.lst"))
    )
    code, refused, _ = checked(rules)
    assert code == 1
    assert refused == {
        1: f"dataset: {said}",
        2: "datarep: top.lst:1: has no comma and value behind it",
    }
    told: list[str] = []
    assert given(rules, told=told.append) == {"t": {b"a.example"}}
    assert told == [
        f"a.rules:1: rule 1 is refused: {'dataset: ' + said}",
        f"a.rules:2: rule 2 is refused: {refused[2]}",
    ]


def test_what_is_too_much_is_refused(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (rules / "a.rules").write_text(
        RULE.format(1, LOAD.format("s", "near.lst")) + RULE.format(2, 'content:"x"')
    )
    (rules / "near.lst").write_text(coded("a", "b", "c"))
    monkeypatch.setattr(signature_sets, "_MOST_MEMBERS", 2)
    told: list[str] = []
    assert given(rules, told=told.append) == {}
    assert told == ["a.rules:1: rule 1 is refused: dataset: near.lst:3: all sets have more than 2 members"]
    (rules / "near.lst").write_text("\n" * 20)
    monkeypatch.setattr(datasets, "_MOST_LINES", 9)
    told.clear()
    assert given(rules, told=told.append) == {}
    assert told == ["a.rules:1: rule 1 is refused: dataset: near.lst:10: has more than 9 lines"]
    monkeypatch.setattr(signature_sets, "MOST_SET_OCTETS", 3)
    told.clear()
    assert given(rules, told=told.append) == {}
    assert "has more than" in told[0]


def test_one_name_is_one_set(rules: Path) -> None:
    (rules / "a.rules").write_text(
        RULE.format(1, LOAD.format("s", "top.lst"))
        + RULE.format(2, "dataset:isset,S,type md5")
        + RULE.format(3, LOAD.format("s", "sub/near.lst"))
        + "#"
        + RULE.format(4, LOAD.format("off", "gone.lst"))
        + "#"
        + RULE.format(5, LOAD.format("five", "top.lst"))
        + RULE.format(6, LOAD.format("five", "sub/near.lst"))
    )
    _, refused, document = checked(rules)
    assert list(refused) == [2, 3, 4]
    assert "type md5 here, and of type string by rule 1, a.rules:1" in refused[2]
    assert "another rule has the set s from" in refused[3]
    assert document["switched_off_refused"] == 1
    assert given(rules) == {"s": {b"a.example"}, "five": {b"b.example", b"c.example"}}, (
        "what is off takes no name"
    )


def test_what_a_refused_rule_says_of_a_set_binds_nobody(rules: Path) -> None:
    (rules / "a.rules").write_text(
        RULE.format(1, "dataset:isset,s,type md5,load top.lst") + RULE.format(2, LOAD.format("s", "top.lst"))
    )
    _, refused, _ = checked(rules)
    assert list(refused) == [1]
    assert given(rules) == {"s": {b"a.example"}}


def test_a_set_that_is_kept_is_not_written_to_its_file(rules: Path) -> None:
    (rules / "a.rules").write_text(
        RULE.format(1, "dataset:set,seen,type string,state seen.lst")
        + RULE.format(2, "dataset:set,other,type string,save other.lst")
        + RULE.format(3, "dataset:set,begun,type string,state top.lst")
    )
    before = sorted(path.name for path in rules.rglob("*"))
    code, refused, document = checked(rules)
    assert (code, refused) == (0, {})
    assert document["notes"][0] == (
        "a.rules:1: rule 1: the set seen is kept in the sensor's own state; seen.lst is never written"
    )
    assert given(rules) == {"seen": set(), "begun": {b"a.example"}}
    (rules / "b.rules").write_text(RULE.format(4, "dataset:set,other2,type string,save /etc/other.lst"))
    assert "out of the folder" in checked(rules)[1][4]
    (rules / "b.rules").unlink()
    assert sorted(path.name for path in rules.rglob("*")) == before


def test_what_a_file_holds_now_counts_though_rules_are_kept(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[int] = []
    planned = signatures._planned
    monkeypatch.setattr(signatures, "_planned", lambda *how, **more: times.append(1) or planned(*how, **more))
    many = "".join(RULE.format(k, f'content:"abc{k}"') for k in range(10, 310))
    (rules / "a.rules").write_text(many + RULE.format(1, LOAD.format("s", "top.lst")))
    told: list[str] = []
    cache = PlanCache(tmp_path / "cache", SECRET, told.append)
    for _ in range(2):
        assert given(rules, cache) == {"s": {b"a.example"}}
    assert len(times) == 1
    (rules / "top.lst").write_text(coded("z.example"))
    for _ in range(2):
        assert given(rules, cache) == {"s": {b"z.example"}}
    assert (len(times), told) == (2, [])
    (rules / "top.lst").unlink()
    assert given(rules, cache) == {}


FILES = {
    "a.rules": (
        RULE.format(1, LOAD.format("s", "sets/a.bin")) + RULE.format(2, LOAD.format("t", "../out"))
    ).encode(),
    "sub/b.rules": RULE.format(3, "datarep:r,<,9,load near.rep,type string").encode(),
    "sets/a.bin": coded("a.example").encode(),
    "sub/near.rep": b"YQ==,3\n",
    "other.bin": b"no rule names it",
    ".git/a.bin": b"hidden",
}


def test_a_pack_has_the_sets_that_its_rules_name(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name, octets in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)
    kept = {name: FILES[name] for name in ("a.rules", "sub/b.rules", "sets/a.bin", "sub/near.rep")}
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for name, octets in FILES.items():
            one = tarfile.TarInfo(f"rules-1/{name}")
            one.size = len(octets)
            archive.addfile(one, io.BytesIO(octets))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, octets in (*FILES.items(), ("README", b"words")):
            archive.writestr(name, octets)
    assert [pack_files(str(tmp_path / way)) for way in ("folder", "a.tar.gz", "a.zip")] == [kept] * 3


def test_a_version_keeps_its_sets_and_what_was_changed_is_refused(tmp_path: Path) -> None:
    run = partial(terminal.told, "signature", env={**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")})
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.rules").write_text(RULE.format(1, LOAD.format("s", "a.lst")) + RULE.format(2, 'content:"x"'))
    (folder / "a.lst").write_text(coded("a.example"))
    assert run("import", folder, "--enforce").code == 0
    store = tmp_path / "state" / "signatures"
    assert given(store) == {"s": {b"a.example"}}
    (store / "versions" / "0001" / "a.lst").write_text(coded("b.example"))
    ended = run("check", store)
    assert ended.code == 2
    assert "a.lst: is not what was imported" in ended.err


def asks(number: int, name: str) -> bytes:
    """A query of DNS for a name (RFC 1035 clause 4.1), as one frame."""
    labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    message = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)
    udp = struct.pack("!HHHH", 40_000 + number, 53, 8 + len(message), 0) + message
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0)
    return ethernet(head + bytes((10, 0, 0, 1)) + bytes((10, 0, 0, 2)) + udp, 0x0800)


def test_what_stands_in_a_set_is_found_in_a_capture(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "bad.lst").write_text(coded("bad.example", "worse.example"))
    (rules / "bad.rep").write_text(
        coded("bad.example").strip() + ",10\n" + coded("worse.example").strip() + ",90\n"
    )
    (rules / "a.rules").write_text(
        RULE.format(1, LOAD.format("bad", "bad.lst"))
        + RULE.format(2, "datarep:rep,>,50,load bad.rep,type string")
        + RULE.format(3, "dataset:set,new,type string,state new.lst")
        + RULE.format(4, "to_sha256; dataset:isnotset,none,type sha256")
    )
    names = ("good.example", "bad.example", "worse.example", "good.example", "bad.example")
    frames = [Packet(time=k * 10**9, octets=asks(k, name)) for k, name in enumerate(names, 1)]
    (tmp_path / "a.pcap").write_bytes(pcap(frames))
    out = tmp_path / "out"
    env = {**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")}
    ended = terminal.run("analyze", tmp_path / "a.pcap", "--signatures", rules, "--out", out, env=env)
    assert ended.code == 0, ended.err
    findings = json.loads((out / "findings.json").read_text())["findings"]
    counts = {
        one["title"].partition(":")[0]: one["count"] for one in findings if one["detector"] == "signature"
    }
    assert counts == {"m1": 3, "m2": 1, "m3": 3, "m4": 5}
    assert not (rules / "new.lst").exists()
    (told,) = (one["explanation"] for one in findings if one["title"].startswith("m2:"))
    assert "a member of the list rep with a value over 50" in told
