"""Packs of rules from people and from enemies."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.bootstrap import unpacking
from interlock.bootstrap.unpacking import pack_files
from interlock.errors import ConfigError

RULE = b'alert tcp any any -> any any (content:"a"; sid:1;)\n'
FILES = {
    "a.rules": RULE,
    "sub/b.rules": RULE,
    "LICENSE": b"MIT License",
    "disable.conf": b"1\n",
    "x.py": b"no",
    ".h.rules": RULE,
}
KEPT = {name: FILES[name] for name in ("a.rules", "sub/b.rules", "LICENSE", "disable.conf")}


def tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, octets in members:
            one = tarfile.TarInfo(name)
            if len(octets) > 1:
                one.size = len(octets)
                archive.addfile(one, io.BytesIO(octets))
            else:
                one.type, one.linkname = octets, "/etc/passwd"
                archive.addfile(one)
    return str(path)


def packed_zip(path, members, **how):
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return str(path)


def test_however_it_is_packed_it_is_the_same_pack(tmp_path):
    folder = tmp_path / "folder"
    for name, octets in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(octets)
    ways = [str(folder)]
    for mode, end in (("w", "tar"), ("w:gz", "tar.gz"), ("w:xz", "tar.xz"), ("w:bz2", "tar.bz2")):
        ways.append(tar(tmp_path / f"a.{end}", FILES.items(), mode))
        ways.append(tar(tmp_path / f"b.{end}", [("rules-1/" + n, o) for n, o in FILES.items()], mode))
        ways.append(tar(tmp_path / f"c.{end}", [("./" + n, o) for n, o in FILES.items()], mode))
    ways.append(packed_zip(tmp_path / "a.zip", FILES.items()))
    ways.append(packed_zip(tmp_path / "b.zip", [("top/" + n, o) for n, o in FILES.items()]))
    for way in ways:
        assert pack_files(way) == KEPT, way
    (tmp_path / "one.rules.gz").write_bytes(gzip.compress(RULE, mtime=0))
    assert pack_files(str(tmp_path / "one.rules.gz")) == {"one.rules.gz": gzip.compress(RULE, mtime=0)}


def refused(path):
    with pytest.raises(ConfigError) as caught:
        pack_files(str(path))
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    "name", ["../a.rules", "/a.rules", "x/../../a.rules", "..\\a.rules", "C:\\a.rules", "C:/a.rules"]
)
def test_a_name_that_leads_outside_refuses_it(tmp_path, name):
    assert "lies outside it" in refused(tar(tmp_path / "a.tgz", [("b.rules", RULE), (name, RULE)]))
    assert "lies outside it" in refused(packed_zip(tmp_path / "a.zip", [("b.rules", RULE), (name, RULE)]))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_refuse_it(tmp_path, kind):
    assert "link or a device" in refused(tar(tmp_path / "a.tgz", [("b.rules", RULE), ("a.rules", kind)]))


def test_links_in_folders_and_zips_refuse_them(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.rules").write_bytes(RULE)
    (folder / "b.rules").symlink_to("/etc/passwd")
    assert "is a link" in refused(folder)
    link = zipfile.ZipInfo("b.rules")
    link.external_attr = (0o120777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.rules", RULE)
        archive.writestr(link, "/etc/passwd")
    assert "link or a device" in refused(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["bomb.rules", "bomb.bin"])
def test_bombs_are_not_unpacked_to_their_end(tmp_path, monkeypatch, name):
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 4 << 20)
    monkeypatch.setattr(unpacking, "MOST_OCTETS", 2 << 20)
    zeros = bytes(40 << 20)
    assert "MiB" in refused(tar(tmp_path / "a.tgz", [("a.rules", RULE), (name, zeros)]))
    if name.endswith(".rules"):
        how = {"compression": zipfile.ZIP_DEFLATED}
        assert "MiB" in refused(packed_zip(tmp_path / "a.zip", [("a.rules", RULE), (name, zeros)], **how))


def test_too_many_files_and_names_that_come_twice_refuse_it(tmp_path, monkeypatch):
    assert "twice" in refused(tar(tmp_path / "a.tgz", [("a.rules", RULE), ("./a.rules", RULE)]))
    monkeypatch.setattr(unpacking, "MOST_FILES", 10)
    many = [(f"{k}.rules", RULE) for k in range(11)]
    assert "more than 10 files" in refused(tar(tmp_path / "b.tgz", many))
    assert "more than 10 files" in refused(packed_zip(tmp_path / "b.zip", many))


def test_what_is_no_pack_is_said(tmp_path):
    assert "holds no rules" in refused(tar(tmp_path / "a.tgz", [("x.py", b"no")]))
    (tmp_path / "x.py").write_text("x")
    assert "holds no rules" in refused(tmp_path / "x.py")
    assert "cannot be read" in refused(tmp_path / "gone.zip")
    whole = (tmp_path / "a.tgz").read_bytes()
    (tmp_path / "cut.tgz").write_bytes(whole[: len(whole) // 2])
    assert "cannot be unpacked" in refused(tmp_path / "cut.tgz")


@given(kind=st.sampled_from(["zip", "tar", "tar.gz", "tar.xz"]), data=st.data())
def test_damaged_archives_are_refused_in_one_sentence(tmp_path_factory, kind, data):
    path = tmp_path_factory.mktemp("x") / f"a.{kind}"
    if kind == "zip":
        packed_zip(path, FILES.items())
    else:
        tar(path, FILES.items(), {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}[kind])
    octets = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(octets[: data.draw(st.integers(1, len(octets)))])
    try:
        found = pack_files(str(path))
    except ConfigError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it may be whole, too
    else:
        assert found
