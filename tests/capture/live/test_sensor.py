"""The whole sensor on a real interface: it hears, outlives its worker's death, knows its interface, says nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from interlock.bench.paced_sender import Traffic, send

from .network import needs_namespaces

pytestmark = [needs_namespaces, pytest.mark.slow]
PROGRAM = [sys.executable, "-c", "from interlock.cli.main import main; main()", "sensor"]
PATIENCE_S = 90


class Running:
    def __init__(self, network, folder, state):
        self.figures_file = folder / "figures.json"
        environment = {**os.environ, "INTERLOCK_STATE": str(state)}
        with network.inside():
            subprocess.run(
                [*PROGRAM, "prepare", "-i", "a0"],
                check=True,
                env=environment,
                capture_output=True,
                timeout=60,
            )
            words = [*PROGRAM, "run", "-i", "a0", "--out", str(folder)]
            self.log = (folder.parent / "said").open("w+")
            self.process = subprocess.Popen(words, stdout=self.log, stderr=subprocess.STDOUT, env=environment)

    def figures(self):
        with contextlib.suppress(FileNotFoundError):
            return json.loads(self.figures_file.read_text())
        return {}

    def until(self, holds):
        """The figures, once they are so."""
        end = time.monotonic() + PATIENCE_S
        while not holds(figures := self.figures()):
            self.log.seek(0)
            assert self.process.poll() is None, self.log.read()
            assert time.monotonic() < end, figures
            time.sleep(0.1)
        return figures

    def worker(self):
        """The process that captures."""
        named = {process["name"]: process["pid"] for process in self.figures()["processes"]}
        (worker,) = [pid for name, pid in named.items() if name.startswith("worker")]
        return worker

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self.log.close()


@pytest.fixture
def sensor(network, tmp_path):
    network.pair(chatty="a0", up=False)
    network.ip("link", "set", "b0", "up")
    made = Running(network, tmp_path / "store", tmp_path / "state")
    yield made
    made.close()


def test_the_sensor_hears_everything_across_a_death_and_says_nothing(network, sensor):
    sensor.until(lambda f: f.get("interfaces"))
    traffic = Traffic(3000)
    with network.inside():
        send("b0", traffic, 1500)
    sensor.until(lambda f: f["packets"] >= 1000 and len(f["processes"]) > 2)
    os.kill(sensor.worker(), signal.SIGKILL)
    with network.inside():
        send("b0", traffic, 1500)
    figures = sensor.until(lambda f: f["interfaces"][0]["packets"] >= 6000)
    assert (figures["packets"], figures["drops"], figures["worker_restarts"]) == (6000, 0, 1)
    (interface,) = figures["interfaces"]
    assert (interface["name"], interface["state"], interface["packets"]) == ("a0", "up", 6000)
    assert network.received("b0") == 0  # not one frame came back
    network.ip("link", "set", "a0", "down")
    sensor.until(lambda f: f["interfaces"][0]["state"] == "down")
    network.ip("link", "set", "a0", "up")
    sensor.until(lambda f: f["interfaces"][0]["state"] == "up")
    sensor.process.send_signal(signal.SIGTERM)
    assert sensor.process.wait(PATIENCE_S) == 0
    assert network.received("b0") == 0
