"""The whole life of a plant for somebody who is not root: loopback, a home and a state folder of his own.

Where this runs as root it becomes `nobody`. An interpreter or a source in a folder that only root may pass (as /root)
is shown to him in a mount namespace of each command's own; nothing of this machine is changed.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.plant.living.running import ROOT, traces

import interlock

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(interlock.__file__).parents[1]


class Nobody:
    """Commands as an unprivileged user, who sees no variable of ours."""

    def __init__(self, home: Path) -> None:
        self.home = home
        about = pwd.getpwnam("nobody")
        self.uid = about.pw_uid if ROOT else os.geteuid()
        self.prefix = _as(about, home) if ROOT else []

    def run(self, *words: str, code: int = 0, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [
                *self.prefix,
                sys.executable,
                "-c",
                "from interlock.cli.main import main; main()",
                "plant",
                *words,
            ],
            env={
                "PATH": os.defpath,
                "HOME": str(self.home),
                "PYTHONPATH": str(SOURCE),
                "PYTHONDONTWRITEBYTECODE": "1",
                "LANG": "C.UTF-8",
            },
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def processes(self) -> list[int]:
        """Those whose command names a folder in his home."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{self.home}/".encode() in words:
                found.append(int(path.name))
        return found


def _as(about: pwd.struct_passwd, home: Path) -> list[str]:
    """Words before a command that make it this user's, who may pass wherever the interpreter and the source lie."""
    needed = {Path(sys.executable).resolve(), Path(sys.prefix).resolve(), SOURCE.resolve()}
    lines, k = ["set -e"], 0
    for folder in sorted({a for path in needed for a in path.parents if not a.stat().st_mode & 0o001}):
        shown = sorted({path.parts[len(folder.parts)] for path in needed if folder in path.parents})
        for name in shown:
            k += 1
            lines += [f"mkdir -p {home}/.b{k}", f"mount --bind '{folder}/{name}' {home}/.b{k}"]
        lines.append(f"mount -t tmpfs -o mode=755 none '{folder}'")
        for at, name in enumerate(shown, k - len(shown) + 1):
            lines += [f"mkdir -p '{folder}/{name}'", f"mount --bind {home}/.b{at} '{folder}/{name}'"]
            lines += [f"umount {home}/.b{at}", f"rmdir {home}/.b{at}"]
    lines.append(f'exec setpriv --reuid {about.pw_uid} --regid {about.pw_gid} --clear-groups "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines), "sh"]


@pytest.fixture
def nobody() -> Iterator[Nobody]:
    home = Path(tempfile.mkdtemp(prefix="interlock-home-"))
    who = Nobody(home)
    os.chown(home, who.uid, -1)
    if ROOT and (shutil.which("unshare") is None or shutil.which("setpriv") is None):
        pytest.skip("unshare and setpriv are needed to become somebody else")
    yield who
    who.run("down")
    shutil.rmtree(home)


def test_a_plant_lives_without_root(nobody: Nobody) -> None:
    before = traces(nobody.home)
    up = nobody.run("up", "--seed", "5")
    assert "on loopback, without a mirror port" in up.stdout
    assert up.stderr == "namespaces need root: the plant lives on loopback, without a mirror port\n"
    assert len(nobody.processes()) >= 5
    status = json.loads(nobody.run("status", "--json").stdout)
    assert (status["ground"], status["mirror"], status["layer2"]) == ("loopback", "", False)
    assert {s["address"].rpartition(".")[0] for s in status["services"]} == {"127.77.1"}
    _wait_for_answers(nobody)

    said = json.loads(nobody.run("attack", "bacnet-override", "--json").stdout)
    assert (said["asked"], said["answered"], said["complete"]) == (3, 3, True)
    assert {c["server"].rpartition(".")[0] for c in said["connections"]} == {"127.77.1"}
    told = json.loads(nobody.run("event", "failover", "--json").stdout)
    assert (told["complete"], told["trouble"]) == (True, "")
    truth = [json.loads(line) for line in nobody.run("truth").stdout.splitlines()]
    assert [(t["kind"], t["name"]) for t in truth] == [("attack", "bacnet-override"), ("event", "failover")]

    refused = nobody.run("capture", "--seconds", "1", "--out", str(nobody.home / "x.pcap"), code=2)
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "no mirror port; `plant up` as root has one" in refused.stderr
    page = nobody.run("watch").stdout
    assert "on loopback, without a mirror port" in page

    assert nobody.run("down").stdout == "the plant is down\n"
    after = traces(nobody.home)
    assert nobody.processes() == []
    assert after.interfaces == before.interfaces
    left = {Path(name).name for name in after.files if (nobody.home / name).is_file()}
    assert left == {"plant-truth.jsonl"}
    assert nobody.run("down").stdout == "no plant was up\n"
    assert "no plant is up" in nobody.run("status", code=2).stderr


def _wait_for_answers(nobody: Nobody) -> None:
    """Every controller that speaks on a port answers there, whoever serves it."""
    end = time.monotonic() + 60
    while True:
        services = json.loads(nobody.run("status", "--json").stdout)["services"]
        polled = {
            "plc-water",
            "drive-pump",
            "plc-boiler",
            "plc-filler",
            "plc-pasteuriser",
            "rtu-feeder",
            "rtu-well",
        }
        silent = {s["machine"] for s in services if s["answers"] == "no"}
        answering = {s["machine"] for s in services if s["answers"] == "yes"}
        if not silent and answering >= polled:
            return
        assert time.monotonic() < end, (silent, polled - answering)
        time.sleep(1)
