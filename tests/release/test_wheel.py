"""The wheel holds all that runs, compiled, and nothing else; the bundle of it installs without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.release.tree import ROOT, clone

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
DEMO = ROOT / "demo"
NO_PLACE = 75
"""Of scripts/bundle.sh: the package index cannot be reached."""


def plain(**more):
    """An environment that leads to no other source tree."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy")
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **pip, **more}


def done(*command, **how):
    """What it printed; fails with all that it said where it fails."""
    how = {"env": plain(), "timeout": 1200, "cwd": ROOT, **how}
    ended = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True, **how
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def compiles():
    """Whether a compiler of any kind is here."""
    return Path(sysconfig.get_path("include"), "Python.h").exists() and any(
        map(shutil.which, ("cc", "gcc", "clang"))
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    if not compiles():
        pytest.skip("no C compiler or no Python headers here: a release wheel cannot be built")
    tree = clone(tmp_path_factory.mktemp("release") / "tree")
    stale = tree / "build" / "lib" / "interlock" / "left_behind.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    done("sh", "scripts/wheel.sh", BIN, cwd=tree)
    return tree


@pytest.fixture(scope="module")
def wheel(tree):
    (wheel,) = tree.glob("dist/*.whl")
    return wheel


@pytest.fixture(scope="module")
def bundle(tree, tmp_path_factory):
    """The unpacked bundle."""
    ended = subprocess.run(
        ["sh", "scripts/bundle.sh", str(BIN)],
        cwd=tree, env=plain(), check=False, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    if ended.returncode == NO_PLACE:
        pytest.skip(f"the package index cannot be reached here: {ended.stderr.splitlines()[-1]}")
    assert ended.returncode == 0, ended.stderr
    (archive,) = tree.glob("dist/*-bundle.tar.gz")
    place = tmp_path_factory.mktemp("machine")
    with tarfile.open(archive) as packed:
        # 3.11.3 and older know no filters, 3.12 and newer want one
        packed.extractall(place, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (folder,) = place.iterdir()
    return folder


def test_wheel_holds_every_tracked_file_of_the_package_and_one_module_for_each_compiled(wheel, tree):
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = {
        name for name in names if not name.startswith(f"interlock-{wheel.name.split('-')[1]}.dist-info/")
    }
    tracked = {
        path.relative_to(tree / "src").as_posix() for path in (tree / "src").rglob("*") if path.is_file()
    }
    tracked = {name for name in tracked if not name.endswith((".so", ".pyc")) and ".egg-info/" not in name}
    modules = {name for name in inside if re.search(r"\.(so|pyd)$", name)}
    assert inside - modules == tracked
    compiled = {
        name
        for name in tracked
        if name.endswith(".py")
        and re.match(r"(.*\n){0,2}# cython: compiled", (tree / "src" / name).read_text("utf-8"))
    }
    assert len(compiled) > 30
    assert {module.split(".")[0] + ".py" for module in modules} == compiled | {"interlock/_cyutility.py"}
    assert {Path(name).suffix for name in tracked} >= {
        ".toml",
        ".tsv",
        ".zst",
        ".j2",
        ".css",
        ".js",
        ".json",
        ".pxd",
    }


def test_wheel_says_where_it_runs(wheel):
    *_, python, abi, platform = wheel.stem.split("-")
    here = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert (python, abi) == (here, here)
    if sys.platform == "linux":
        glibc = re.fullmatch(r"manylinux_2_(\d+)_\w+", platform)
        libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else None
        if libc:
            assert glibc is not None, platform
            assert 17 <= int(glibc[1]) <= int(libc.split(".")[1])


@pytest.fixture(scope="module")
def prefix(wheel, tmp_path_factory):
    """A virtual environment as docs/usage.md has an administrator make it; what it depends on is lent by this one."""
    place = tmp_path_factory.mktemp("machine") / "opt" / "interlock"
    done(sys.executable, "-m", "venv", place)
    done(
        place / "bin" / "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        wheel,
    )
    (site,) = place.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    where = "import interlock, pyarrow; print(interlock.__file__, pyarrow.__file__, sep='\\n')"
    ours, lent = done(place / "bin" / "python", "-c", where, cwd=place).splitlines()
    assert (Path(ours).is_relative_to(site), Path(lent).is_relative_to(site)) == (True, False)
    return place


def test_a_unit_starts_the_program_of_the_prefix_that_it_was_printed_in(prefix, tmp_path):
    other = tmp_path / "bin"
    other.mkdir()
    (other / "interlock").write_text("#!/bin/sh\necho another one\n")
    (other / "interlock").chmod(0o755)
    env = plain(PATH=f"{other}:{os.environ['PATH']}")  # as where an older one is installed, too
    program, words = prefix / "bin" / "interlock", ("sensor", "unit", "-i", "eth1", "--prepare")
    inside = "from interlock.cli.start import main; main()"
    for called in ([program], [prefix / "bin" / "python", "-c", inside]):
        unit = done(*called, *words, cwd=tmp_path, env=env)
        (start,) = re.findall(r"(?m)^ExecStart=(.*)$", unit)
        assert start == f"{program} sensor run -i eth1 --store /var/lib/interlock"
        (before,) = re.findall(r"(?m)^ExecStartPre=(.*)$", unit)
        assert before.endswith(f" {program} sensor prepare --quiet -i eth1")
    by_name = plain(PATH=f"{prefix / 'bin'}:{os.environ['PATH']}")
    assert f"ExecStart={program} " in done("interlock", *words, cwd=tmp_path, env=by_name)
    began = [*start.split()[:3], "-i", "nosuch0", "--store", tmp_path / "none"]
    ended = subprocess.run(
        [str(word) for word in began], env=env, check=False, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 3
    assert "nosuch0" in ended.stderr
    assert not ended.stderr.startswith("Traceback")


def test_what_is_installed_below_a_prefix_is_whole(prefix, tmp_path):
    program, env = prefix / "bin" / "interlock", plain(INTERLOCK_STATE=str(tmp_path / "state"))
    checks = json.loads(done(program, "doctor", "--json", cwd=tmp_path, env=env))["checks"]
    said = {check["check"]: (check["state"], check["says"]) for check in checks}
    assert said["speed"] == ("yes", "decoders are compiled")
    assert not [name for name, (state, _) in said.items() if state == "no"], said
    words = ("sensor", "replay", DEMO / "incident.pcap.gz", "--out", tmp_path / "store")
    shown = done(program, *words, cwd=tmp_path, env=env)
    assert "stopped" in shown
    told = subprocess.run(
        [str(program), "sensor", "status", "--store", str(tmp_path / "store"), "--json"],
        env=env, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    status = json.loads(told.stdout)
    assert (told.returncode, status["state"]) == (3, "stopped")
    assert status["figures"]["packets"] > 100
    rows = done(
        program, "sensor", "records", "operations", "--store", tmp_path / "store", cwd=tmp_path, env=env
    )
    assert rows.count("\n") > 10
    assert "right. Interfaces: none" in _checked(program, tmp_path, env)


def _checked(program, place, env):
    """The example of a configuration, checked by the program that printed it."""
    (place / "interlock.toml").write_text(done(program, "sensor", "config", cwd=place, env=env))
    return done(program, "sensor", "config", "--check", place / "interlock.toml", cwd=place, env=env)


def without_route():
    """A command that runs in a network of its own that leads nowhere, where that is permitted."""
    if shutil.which("unshare") is None:
        return None
    tried = subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True)
    return ["unshare", "-n"] if tried.returncode == 0 else None


@pytest.mark.skipif(without_route() is None, reason="network namespaces are not permitted here")
def test_bundle_installs_and_analyzes_compiled_without_any_network(bundle, tmp_path):
    alone = without_route()
    assert "default" not in done(*alone, sys.executable, "-c", "print(open('/proc/net/route').read())")
    target = tmp_path / "a place" / "venv"
    target.parent.mkdir()
    said = done(*alone, "sh", bundle / "install.sh", target, cwd=tmp_path, env=plain(PYTHON=sys.executable))
    assert said.splitlines()[-1] == f"installed: {target}/bin/interlock"
    program = target / "bin" / "interlock"
    checks = json.loads(done(*alone, program, "doctor", "--json", cwd=tmp_path))["checks"]
    assert {check["check"]: check["says"] for check in checks}["speed"] == "decoders are compiled"
    out = tmp_path / "out"
    summary = json.loads(
        done(*alone, program, "analyze", DEMO / "incident.pcap.gz", "--out", out, "--json", cwd=tmp_path)
    )
    assert summary["machines"]["total"] > 5
    assert (out / "report.html").stat().st_size > 10_000
    where = done(
        *alone,
        target / "bin" / "python",
        "-c",
        "import interlock.decode.sheet as s; print(s.__file__)",
        cwd=tmp_path,
    )
    assert where.startswith(str(target))
    assert not where.strip().endswith(".py")
    again = done(*alone, "sh", bundle / "install.sh", target, cwd=tmp_path, env=plain(PYTHON=sys.executable))
    assert "installed:" in again


def changed(path):
    path.write_bytes(path.read_bytes() + b" ")


def removed(path):
    path.unlink()


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("runtime.txt", changed),
        ("wheels/click-*.whl", removed),
        ("wheels/interlock-*.whl", changed),
        ("install.sh", changed),
    ],
)
def test_a_bundle_that_is_not_what_its_sums_say_installs_nothing(bundle, tmp_path, what, how):
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    (path,) = copy.glob(what)
    how(path)
    refused(copy, tmp_path, str(path.relative_to(copy)))


@pytest.mark.parametrize("laid", ["wheels/click-99-py3-none-any.whl", "SHA256SUMS"])
def test_a_bundle_with_a_foreign_file_or_broken_sums_installs_nothing(bundle, tmp_path, laid):
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    (copy / laid).write_bytes(b"nonsense\n")
    refused(copy, tmp_path, laid)


def test_a_bundle_for_another_kind_of_machine_says_so(bundle, tmp_path):
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    (copy / "KIND").write_text("cpython 3.99 linux-vax\n")
    sums = [line for line in (copy / "SHA256SUMS").read_text().splitlines() if not line.endswith("  KIND")]
    digest = done("sha256sum", "KIND", cwd=copy).strip()
    (copy / "SHA256SUMS").write_text("\n".join([*sums, digest]) + "\n")
    refused(copy, tmp_path, "this bundle is for cpython 3.99 linux-vax")


def refused(bundle, place, words):
    ended = subprocess.run(
        ["sh", str(bundle / "install.sh"), str(place / "venv")],
        env=plain(PYTHON=sys.executable), check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 1
    (said,) = ended.stderr.splitlines()
    assert said.startswith("install.sh: ")
    assert words in said
    assert ended.stdout == ""
    assert not (place / "venv").exists()
