"""OPC UA signed and enciphered: the twin's stand-in and the living plant's Basic256Sha256 behave and look alike."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
from collections import Counter

import pytest
from cryptography import x509

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.plant.actors.pasteuriser import PASTEURISER_NODES, PASTEURISER_URL, PASTEURISER_WRITABLE
from interlock.plant.draws import Draws
from interlock.plant.living.keyring import Keyring
from interlock.plant.process.whole import first_state
from interlock.plant.protocols.opcua import OpcUaServer
from interlock.plant.protocols.opcua_client import Client, doubles_of, number_of
from interlock.plant.protocols.opcua_security import POLICY, TwinKeyring, filled, unfilled
from interlock.plant.protocols.opcua_wire import ACTIVATE_SESSION, FAULT, READ, WRITE
from interlock.plant.twin.recording import Twin

NOW = 133_000_000_000_000_000
WORDS = ("Pasteuriser.Temperature",)


@pytest.fixture(scope="module", params=["twin", "living"])
def keyring(request, tmp_path_factory):
    if request.param == "twin":
        return TwinKeyring(Draws(1))
    return Keyring(tmp_path_factory.mktemp("run") / "opcua", 1_790_000_000.0)


def served(keyring, state):
    about = (state, PASTEURISER_NODES, PASTEURISER_WRITABLE, PASTEURISER_URL, lambda: NOW, {"shift": "right"})
    return OpcUaServer(*about, guards=[keyring.guard("plc-pasteuriser", "hmi")])


def opened(session, speaker):
    """Up to the open channel: every octet that was said."""
    said = [speaker.hello()]
    said += session.receive(said[0])
    said.append(speaker.open())
    said += session.receive(said[-1])
    speaker.opened(said[-1])
    return said


def asked(session, speaker, octets):
    (answer,) = session.receive(octets)
    return speaker.clear(answer)


def logged_on(session, speaker, *who):
    (created,) = session.receive(speaker.create_session())
    speaker.created(created)
    return asked(session, speaker, speaker.activate_session(*who))


def test_a_secured_session_reads_and_its_operator_writes(keyring) -> None:
    state = first_state()
    server = served(keyring, state)
    for who, kept in (((), 76.0), (("shift", "wrong"), 76.0), (("shift", "right"), 50.0)):
        session = server.open()
        speaker = Client(PASTEURISER_URL, "hmi", lambda: NOW, keyring.guard("hmi", "plc-pasteuriser"))
        opened(session, speaker)
        told = number_of(logged_on(session, speaker, *who))
        assert told == (FAULT if "wrong" in who else ACTIVATE_SESSION + 3)
        if told != FAULT:
            assert doubles_of(asked(session, speaker, speaker.read(WORDS))) == (
                state[PASTEURISER_NODES[WORDS[0]]],
            )
            assert (
                number_of(asked(session, speaker, speaker.write("Pasteuriser.TemperatureSetpoint", 50.0)))
                == WRITE + 3
            )
        assert state["pasteuriser.temperature_setpoint"] == kept


def test_nothing_of_a_secured_session_is_readable_and_its_layout_is_the_specifications(keyring) -> None:
    session = served(keyring, first_state()).open()
    guard = keyring.guard("hmi", "plc-pasteuriser")
    speaker = Client(PASTEURISER_URL, "hmi", lambda: NOW, guard)
    said = opened(session, speaker)
    request = said[2]
    assert request[:4] == b"OPNF"
    assert struct.unpack_from("<I", request, 4)[0] == len(request)
    at = 12
    fields = []
    for _ in range(3):
        (length,) = struct.unpack_from("<i", request, at)
        fields.append(request[at + 4 : at + 4 + length])
        at += 4 + length
    assert fields == [
        POLICY.encode(),
        guard.certificate,
        hashlib.sha1(guard.peer, usedforsecurity=False).digest(),
    ]
    assert (len(request) - at) % 256 == 0
    x509.load_der_x509_certificate(fields[1])
    messages = [speaker.create_session()]
    messages += session.receive(messages[0])
    speaker.created(messages[1])
    messages.append(speaker.activate_session("shift", "right"))
    messages += session.receive(messages[-1])
    messages.append(speaker.read(WORDS))
    messages += session.receive(messages[-1])
    for message in messages:
        assert message[:4] == b"MSGF"
        assert struct.unpack_from("<I", message, 4)[0] == len(message)
        assert (len(message) - 16) % 16 == 0
        assert b"urn:" not in message
        assert b"Pasteuriser" not in message
        assert b"right" not in message
    assert len({m[16:] for m in messages}) == len(messages)


def test_what_was_changed_on_the_way_is_refused(keyring) -> None:
    server = served(keyring, first_state())
    session = server.open()
    speaker = Client(PASTEURISER_URL, "hmi", lambda: NOW, keyring.guard("hmi", "plc-pasteuriser"))
    opened(session, speaker)
    logged_on(session, speaker)
    octets = bytearray(speaker.read(WORDS))
    octets[40] ^= 1
    with pytest.raises(ValueError, match=r"signed|padding"):
        session.receive(bytes(octets))
    (answer,) = server.open().receive(speaker.open().replace(POLICY.encode(), POLICY.encode()[:-1] + b"x"))
    assert answer[:4] == b"ERRF"


def test_who_is_not_trusted_is_turned_away(keyring) -> None:
    session = served(keyring, first_state()).open()
    stranger = Client(
        PASTEURISER_URL, "historian", lambda: NOW, keyring.guard("historian", "plc-pasteuriser")
    )
    session.receive(stranger.hello())
    (answer,) = session.receive(stranger.open())
    assert answer[:4] == b"ERRF"
    assert struct.unpack_from("<I", answer, 8)[0] == 0x80130000  # Bad_SecurityChecksFailed


def test_a_channel_is_renewed_under_new_keys(keyring) -> None:
    session = served(keyring, first_state()).open()
    speaker = Client(PASTEURISER_URL, "hmi", lambda: NOW, keyring.guard("hmi", "plc-pasteuriser"))
    opened(session, speaker)
    logged_on(session, speaker)
    before = speaker.read(WORDS)
    session.receive(before)
    speaker.opened(session.receive(speaker.open(again=True))[0])
    after = speaker.read(WORDS)
    assert struct.unpack_from("<I", before, 12)[0] + 1 == struct.unpack_from("<I", after, 12)[0]
    assert number_of(asked(session, speaker, after)) == READ + 3


def test_no_secured_server_goes_back_to_none_within_a_channel(keyring) -> None:
    session = served(keyring, first_state()).open()
    opened(session, Client(PASTEURISER_URL, "hmi", lambda: NOW, keyring.guard("hmi", "plc-pasteuriser")))
    (answer,) = session.receive(Client(PASTEURISER_URL, "x", lambda: NOW).open())
    assert answer[:4] == b"ERRF"


@pytest.mark.parametrize("length", range(40))
def test_padding_fills_blocks_and_is_taken_off_again(length) -> None:
    plain = bytes(range(length))
    assert (len(filled(plain, 32, 16)) + 32) % 16 == 0
    assert unfilled(filled(plain, 32, 16)) == plain
    with pytest.raises(ValueError, match="padding"):
        unfilled(b"\x07" * 3)


def test_keys_of_a_run_are_its_owners_alone_and_of_that_run(tmp_path) -> None:
    made = [Keyring(tmp_path / name, 1_790_000_000.0).guard("hmi", "historian") for name in ("a", "b")]
    assert made[0].certificate != made[1].certificate
    files = sorted((tmp_path / "a").iterdir())
    assert sorted(f.suffix for f in files) == [".der"] * 3 + [".key"] * 3 + [".pem"] * 2
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_what_interlock_reads_of_it(tmp_path) -> None:
    """Discovery in clear, then sessions over Basic256Sha256 that nobody can read; the attacker's session is None."""
    target = io.BytesIO()
    twin = Twin(target, 1)
    twin.attack("opcua-downgrade", 0.5)
    for _ in twin.run(1.0):
        pass
    capture = tmp_path / "plant.pcap"
    capture.write_bytes(target.getvalue())
    found: Counter = Counter()
    sessions: set = set()
    with open_sources(specify((str(capture),), ())) as run:
        engine = build_engine(run.sources, wanted=frozenset({"operations", "oddities", "opcua_sessions"}))
        batches = [engine.feed(frames) for frames in run]
        for batch in (*batches, *engine.finish()):
            for name, table in batch.items():
                if name == "operations":
                    rows = table.select(
                        ["protocol", "client", "verb", "function_name", "outcome"]
                    ).to_pylist()
                    found.update(tuple(r.values())[1:] for r in rows if r["protocol"] == "opcua")
                elif name == "opcua_sessions":
                    rows = table.select(["client", "policy", "mode"]).to_pylist()
                    sessions |= {tuple(r.values()) for r in rows}
                elif name == "oddities":
                    assert not [r for r in table.select(["protocol"]).to_pylist() if r["protocol"] == "opcua"]
    for client in ("10.77.1.30", "10.77.1.31"):
        assert found[client, "discover", "GetEndpoints", "ok"] == 1
        assert found[client, "unknown", "encrypted", "unknown"] > 10
        assert not [key for key in found if key[0] == client and key[1] in ("read", "write", "subscribe")]
        assert (client, "Basic256Sha256", "SignAndEncrypt") in sessions
    assert found["10.77.1.40", "write", "Write", "ok"] == 1
    assert ("10.77.1.40", "None", "None") in sessions
