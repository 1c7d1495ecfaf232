"""Versions of rules as people keep them: imported, signed, put in force, rolled back."""

from __future__ import annotations

import json
import os
import shutil
import stat
from functools import partial

import pytest
from tests.cli import terminal

from interlock.report.schema import check as check_schema

RULE = 'alert tcp any any -> any 502 (msg:"{0}"; content:"|00 00|"; offset:2; depth:2; sid:{1};)\n'


@pytest.fixture
def packs(tmp_path):
    """The command with a state folder of its own, and what `--signatures` is given."""
    env = {**os.environ, "INTERLOCK_STATE": str(tmp_path / "state")}
    return partial(terminal.told, "signature", env=env), tmp_path / "state" / "signatures", env


def rules(folder, name, *texts):
    made = folder / name
    made.mkdir()
    (made / "a.rules").write_text("".join(RULE.format(text, k) for k, text in enumerate(texts, 1)))
    return made


def said(store, env, out):
    ended = terminal.run(
        "analyze", terminal.DEMO / "incident.pcap.gz", "--signatures", store, "--out", out, env=env
    )
    assert ended.code == 0, ended.err
    found = json.loads((out / "findings.json").read_text())["findings"]
    return {one["title"].partition(":")[0] for one in found if one["detector"] == "signature"}


def test_versions_are_imported_put_in_force_and_rolled_back(packs, tmp_path):
    run, store, env = packs
    one, two = rules(tmp_path, "one", "first"), rules(tmp_path, "two", "first", "second")
    assert "version 1, imported: 1 rule loads" in run("import", one).out
    assert "no version is in force" in terminal.run("signature", "check", store, env=env).err
    assert run("enforce", 1).code == 0
    assert said(store, env, tmp_path / "o1") == {"first"}
    archive = shutil.make_archive(str(tmp_path / "two"), "gztar", tmp_path, "two")
    document = json.loads(run("import", archive, "--json").out)
    assert (document["number"], document["new"], document["in_force"], document["loaded"]) == (
        2,
        True,
        False,
        2,
    )
    assert said(store, env, tmp_path / "o2") == {"first"}
    assert json.loads(run("import", two, "--json").out)["new"] is False, "packed or not, it is the same"
    assert run("enforce", 2).code == 0
    assert said(store, env, tmp_path / "o3") == {"first", "second"}
    assert "version 1 is in force" in run("rollback").out
    assert said(store, env, tmp_path / "o4") == {"first"}
    assert "no version was in force before" in terminal.one_sentence(run("rollback"))
    assert "there is no version 7" in terminal.one_sentence(run("enforce", 7))
    listed = json.loads(run("list", "--json").out)
    check_schema(listed, "signature-list")
    assert [(v["number"], v["in_force"], v["signed_by"]) for v in listed["versions"]] == [
        (1, True, []),
        (2, False, []),
    ]
    assert "1 (in force): 1 rule loads" in run("list").out
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in store.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    assert modes == {0o600}


def test_lists_beside_a_version_and_beside_the_store_hold(packs, tmp_path):
    run, store, env = packs
    one = rules(tmp_path, "one", "first", "second", "third")
    (one / "disable.conf").write_text("1\n")
    run("import", one, "--enforce")
    assert said(store, env, tmp_path / "o1") == {"second", "third"}
    (store / "disable.conf").write_text("2\n")
    assert said(store, env, tmp_path / "o2") == {"third"}


def test_a_version_that_was_changed_is_not_put_in_force(packs, tmp_path):
    run, store, env = packs
    run("import", rules(tmp_path, "one", "first"))
    kept = store / "versions" / "0001" / "a.rules"
    kept.write_text(kept.read_text().replace("first", "other"))
    assert "is not what was imported" in terminal.one_sentence(run("enforce", 1))
    assert "none in force" in run("list").out
    (store / "packs.json").write_text("{}")
    assert "is no book of signature packs" in terminal.one_sentence(run("list"))
    assert terminal.run("signature", "check", store, env=env).code == 2


def test_signed_packs(packs, tmp_path):
    run, _, env = packs
    one = rules(tmp_path, "one", "first")
    key, other = tmp_path / "key", tmp_path / "other"
    for each in (key, other):
        assert terminal.run("approver", "new-key", each, "--no-passphrase", env=env).code == 0
    assert terminal.run("approver", "add", "anna", "--key", f"{key}.pub", env=env).code == 0
    assert "is signed by 0 of 1 approvers" in terminal.one_sentence(run("import", one, "--signed"))
    assert "signed with the key" in run("sign", one, "--key", key).out
    assert json.loads(run("import", one, "--signed", "--json").out)["signed_by"] == ["anna"]
    # Packed, it is the same content: the same signature holds beside the archive.
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "one")
    (signature,) = tmp_path.glob("one.*.sig")
    shutil.copy(signature, tmp_path / signature.name.replace("one", "packed.zip"))
    assert json.loads(run("import", archive, "--signed", "--json").out)["new"] is False

    (one / "a.rules").write_text(RULE.format("changed", 1))
    assert "does not hold" in terminal.one_sentence(run("import", one)), (
        "also where nobody asks for signatures"
    )
    signature.unlink()
    run("sign", one, "--key", other)
    assert "belongs to no enrolled approver" in terminal.one_sentence(run("import", one))


def test_a_full_disk_and_a_hostile_archive_leave_nothing(packs, tmp_path):
    run, store, env = packs
    one = rules(tmp_path, "one", *(f"rule {k}" for k in range(100)))
    ended = terminal.run("signature", "import", one, env=env, file_limit=2000)
    assert ended.code == 3
    assert "cannot be written" in terminal.one_sentence(ended)
    assert list((store / "versions").iterdir()) == []
    assert run("import", tmp_path / "gone.zip").code == 2
    assert json.loads(run("list", "--json").out)["versions"] == []


@pytest.mark.parametrize(
    ("name", "octets", "says"),
    [
        ("plain.txt", b"hello\n", "holds no rules"),
        ("noise.rules", bytes(range(256)), "is no text"),
        ("wrong.rules", b"alert tcp any (sid:2;)\n", "none of its rules loads"),
    ],
)
def test_what_holds_no_rule_that_loads_is_named_as_it_was_given_and_not_kept(
    packs, tmp_path, name, octets, says
):
    run, store, env = packs
    (tmp_path / name).write_bytes(octets)
    ended = terminal.run("signature", "import", tmp_path / name, env=env)
    assert ended.code == 2
    sentence = terminal.one_sentence(ended)
    assert says in sentence
    assert str(tmp_path / name) in sentence
    assert str(store) not in sentence
    assert json.loads(run("list", "--json").out)["versions"] == []
    assert list((store / "versions").iterdir()) == []
