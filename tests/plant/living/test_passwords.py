"""Passwords of a plant that is up: other ones at the next start, said nowhere but in one private file."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509 import load_der_x509_certificate
from tests.plant.living.clients import stream
from tests.plant.living.running import Plant, traces

from interlock.plant.actors.pasteuriser import PASTEURISER_URL
from interlock.plant.living import control
from interlock.plant.living.keyring import SERVER, _Guard, certificate_file, key_file
from interlock.plant.protocols.opcua_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

MAKERS = ("USER", "USERUSER")
"""What the attack `default-login` declares that the water controller still has."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("passwords")


@pytest.fixture(scope="module")
def first(state: Path) -> dict[str, Any]:
    """What an earlier run's file said; that run is down."""
    plant = Plant(state)
    plant.run("up", "--seed", "7", "--loopback")
    told = _read(plant)
    plant.run("down")
    assert not plant.files.keys.exists()
    return told


@pytest.fixture(scope="module")
def plant(state: Path, first: dict[str, Any]) -> Iterator[Plant]:
    """Another run, of the same seed."""
    del first
    up = Plant(state)
    up.run("up", "--seed", "7", "--loopback")
    yield up
    up.run("down")
    assert traces(state).files <= {"plant-truth.jsonl"}


def _file(plant: Plant) -> Path:
    return plant.files.keys / "accounts.json"


def _read(plant: Plant) -> dict[str, Any]:
    return json.loads(_file(plant).read_text("utf-8"))


def _secrets(told: dict[str, Any]) -> list[str]:
    return [each[k] for each in told["accounts"] for k in ("password", "community", "nt_hash") if k in each]


def test_two_starts_have_different_ones(first: dict[str, Any], plant: Plant) -> None:
    now = _read(plant)
    assert first["schema"] == now["schema"] == "interlock/plant-accounts/1"
    assert [each.get("user") for each in first["accounts"]] == [each.get("user") for each in now["accounts"]]
    before, after = _secrets(first), _secrets(now)
    assert len(before) == len(after) == len(now["accounts"]) == 6
    assert len({*before, *after}) == 12
    assert all(len(each) >= 16 for each in after)


def test_they_lie_in_a_private_file(plant: Plant) -> None:
    found = _file(plant).stat()
    assert (found.st_uid, found.st_mode & 0o777) == (os.geteuid(), 0o600)
    assert plant.files.keys.stat().st_mode & 0o777 == 0o700


def test_nothing_else_says_them(plant: Plant) -> None:
    plant.run("attack", "opcua-downgrade", "--json")
    secrets = [each.encode() for each in _secrets(_read(plant))]
    said = [plant.run("status", "--json").encode(), plant.run("truth").encode()]
    said += [p.read_bytes() for p in plant.state.rglob("*") if p.is_file() and p != _file(plant)]
    for pid in plant.files.holders():
        said += [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    assert len(said) > 10
    assert not [octets for octets in said for secret in secrets if secret in octets]


def _guard(plant: Plant) -> _Guard:
    """The panel's side of a secure conversation with the pasteuriser, by this run's keys."""
    folder = plant.files.keys
    key = load_der_private_key(key_file(folder, "hmi").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    both = (certificate_file(folder, name).read_bytes() for name in ("hmi", SERVER))
    return _Guard(key, *map(load_der_x509_certificate, both))


def _set_point(plant: Plant, user: str, password: str, value: float) -> float:
    """What the pasteuriser's set point is after somebody has logged on, signed and enciphered, and written it."""
    at = next((s["address"], s["moved_to"]) for s in plant.status()["services"] if s["machine"] == SERVER)
    with socket.create_connection(at, 10) as sock:
        ask = stream(sock, 4840)
        speaker = Client(PASTEURISER_URL, "hmi", lambda: time.time_ns() // 100, _guard(plant))
        ask(speaker.hello())
        speaker.opened(ask(speaker.open()))
        speaker.created(ask(speaker.create_session()))
        ask(speaker.activate_session(user, password))
        ask(speaker.write("Pasteuriser.TemperatureSetpoint", value))
    time.sleep(1)
    values = {v["tag"]: v["value"] for v in plant.status()["values"]}
    return float(values["pasteuriser.temperature_setpoint"])


def test_the_shift_writes_a_set_point_by_its_password_alone(plant: Plant) -> None:
    own = next(each for each in _read(plant)["accounts"] if each["service"] == "OPC UA")
    before = _set_point(plant, own["user"], own["password"] + "x", 74.0)
    assert before != 74.0
    assert _set_point(plant, own["user"], own["password"], 75.0) == 75.0
    assert _set_point(plant, "", "", 76.5) == 75.0


def _log_on(plant: Plant, user: str, password: str) -> bytes:
    """The water controller's answer to a password, by FTP."""
    services = plant.status()["services"]
    at = next(
        (s["address"], s["moved_to"]) for s in services if (s["machine"], s["port"]) == ("plc-water", 21)
    )
    with socket.create_connection(at, 5) as sock, sock.makefile("rb") as replies:
        for command in ("", f"USER {user}\r\n", f"PASS {password}\r\n"):
            sock.sendall(command.encode("ascii"))
            if command:
                reply = replies.readline()
                reply = replies.readline() if reply.startswith(b"220") else reply
    return reply[:3]


def test_who_knows_the_plants_own_is_let_in_and_a_makers_account_is_not(plant: Plant) -> None:
    own = next(each for each in _read(plant)["accounts"] if each["service"] == "FTP")
    assert _log_on(plant, own["user"], own["password"]) == b"230"
    assert _log_on(plant, *MAKERS) == b"530"
    assert _log_on(plant, own["user"], "") == b"530"


def test_a_makers_account_is_there_while_its_attack_is_played(plant: Plant) -> None:
    with control.reach(plant.files) as sock:
        lines = control.ask(sock, {"do": "attack", "name": "default-login"})
        next(lines)
        assert _log_on(plant, *MAKERS) == b"230"
        lines.close()  # stopped by hand in the middle
    time.sleep(0.5)
    assert _log_on(plant, *MAKERS) == b"530"
    said = json.loads(plant.run("attack", "default-login", "--json"))
    assert (said["complete"], said["trouble"]) == (True, "")
    assert {"machine": "plc-water", "service": "FTP", "user": MAKERS[0], "how": "vendor-default",
            "passwords": [MAKERS[1]]} in said["logons"]  # fmt: skip
    assert _log_on(plant, *MAKERS) == b"530"
