"""Remote desktop within TLS: the twin's stand-in and the living plant's own agree, look alike, and hide alike."""

from __future__ import annotations

import pytest
from cryptography import x509

from interlock.plant.draws import Draws
from interlock.plant.living.keyring import Keyring
from interlock.plant.protocols import rdp, tls
from interlock.plant.protocols.opcua_security import TwinKeyring

LOGIN = rdp.Login("PLANT", "engineer", "secret", "LAPTOP", "10.0.0.2")


@pytest.fixture(scope="module", params=["twin", "living"])
def keyring(request, tmp_path_factory):
    if request.param == "twin":
        return TwinKeyring(Draws(1))
    return Keyring(tmp_path_factory.mktemp("run") / "keys", 1_790_000_000.0)


def logged_on(keyring, password="secret", *, at_a_time=65536):
    """Everything both sides said, and who was let in."""
    said, let_in = {"client": b"", "server": b""}, []
    server = rdp.RdpServer({"engineer": password}, let_in.append, lambda: keyring.desktop("engineering"))
    session, client = server.open(), keyring.visitor()

    def ask(octets: bytes) -> bytes:
        said["client"] += octets
        parts = [octets[at : at + at_a_time] for at in range(0, len(octets), at_a_time)]
        answer = b"".join(a for part in parts for a in session.receive(part))
        said["server"] += answer
        return answer

    confirmed = ask(rdp.connect(LOGIN.user))
    assert confirmed[-8:] == b"\x02\x00\x08\x00\x01\x00\x00\x00", "TLS is chosen"
    begin = {side: len(octets) for side, octets in said.items()}
    flight = client.begin()
    while flight:
        flight = client.take(ask(flight))
    for message in rdp.logon(LOGIN):
        ask(client.seal(message))
    return {side: octets[begin[side] :] for side, octets in said.items()}, let_in


def kinds(octets):
    """Of records, and of the handshake messages that are in clear."""
    found, changed = [], False
    for kind, content, _ in tls.records(octets):
        changed = changed or kind == 20
        at = 0
        while kind == 22 and not changed and at < len(content):
            found.append((22, content[at]))
            at += 4 + int.from_bytes(content[at + 1 : at + 4], "big")
        if kind != 22 or changed:
            found.append((kind, None))
    return found


@pytest.mark.parametrize("at_a_time", [65536, 7])
def test_a_logon_goes_through_tls(keyring, at_a_time) -> None:
    said, let_in = logged_on(keyring, at_a_time=at_a_time)
    assert let_in == ["engineer"]
    assert kinds(said["client"])[:4] == [(22, 1), (22, 16), (20, None), (22, None)]
    assert kinds(said["server"])[:6] == [(22, 2), (22, 11), (22, 12), (22, 14), (20, None), (22, None)]
    assert {kind for kind, _ in kinds(said["client"])[4:]} == {23}
    assert {kind for kind, _ in kinds(said["server"])[6:]} == {23}
    for octets in said.values():
        assert "engineer".encode("utf-16-le") not in octets
        assert "secret".encode("utf-16-le") not in octets


def test_the_servers_certificate_is_seen_by_who_listens(keyring) -> None:
    said, _ = logged_on(keyring)
    contents = [content for kind, content, _ in tls.records(said["server"]) if kind == 22]
    whole = b"".join(contents[:4])
    at = 0
    while whole[at] != 11:
        at += 4 + int.from_bytes(whole[at + 1 : at + 4], "big")
    size = int.from_bytes(whole[at + 7 : at + 10], "big")
    certificate = x509.load_der_x509_certificate(whole[at + 10 : at + 10 + size])
    assert "engineering" in certificate.subject.rfc4514_string().lower()


def test_both_make_records_of_the_same_lengths(tmp_path) -> None:
    lengths = []
    for keyring in (TwinKeyring(Draws(1)), Keyring(tmp_path / "keys", 1_790_000_000.0)):
        said, _ = logged_on(keyring)
        data = {s: [len(c) for k, c, _ in tls.records(o) if k == 23] for s, o in said.items()}
        lengths.append(data)
    suite_overhead = {a - b for s in lengths[0] for a, b in zip(lengths[0][s], lengths[1][s], strict=True)}
    assert len(suite_overhead) == 1
    assert abs(suite_overhead.pop()) <= 8


def test_who_has_the_wrong_password_is_not_let_in(keyring) -> None:
    with pytest.raises(ValueError, match="nobody who is let in"):
        logged_on(keyring, password="another")


def test_octets_that_are_no_tls_end_it(keyring) -> None:
    session = rdp.RdpServer({}, tls=lambda: keyring.desktop("engineering")).open()
    session.receive(rdp.connect("x"))
    with pytest.raises(ValueError, match="TLS"):
        session.receive(b"\x03\x00\x00\x0c" + bytes(30))


def test_who_knows_no_tls_is_told_that_it_is_needed(keyring) -> None:
    session = rdp.RdpServer({}, tls=lambda: keyring.desktop("engineering")).open()
    asked = rdp.connect("x")[:-4] + bytes(4)
    (failure,) = session.receive(asked)
    assert failure[-8:] == b"\x03\x00\x08\x00\x01\x00\x00\x00"


@pytest.mark.parametrize("cut", [1, 60, 200])
def test_a_machine_without_a_certificate_asks_for_no_security(cut) -> None:
    session = rdp.RdpServer({"engineer": "secret"}).open()
    octets = rdp.connect("engineer") + b"".join(rdp.logon(LOGIN))
    answers = [a for at in range(0, len(octets), cut) for a in session.receive(octets[at : at + cut])]
    assert answers[0][-4:] == bytes(4)
    assert len(answers) > 5
