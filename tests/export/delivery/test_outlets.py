"""Every outlet against a real receiver that is good, and against every kind of bad one."""

from __future__ import annotations

import json
import os
import socket
import ssl
import time

import pytest
from tests.export.readers import read_syslog
from tests.export.some_findings import committed, incident

from interlock.errors import ConfigError, DeliveryError
from interlock.export.delivery import call
from interlock.export.delivery.outlet import Reporting, open_outlet
from interlock.export.finding_message import delivery_document
from interlock.export.incident_message import Reported
from interlock.records.config import FileConfig, SyslogConfig, WebhookConfig
from interlock.report.schema import check

from .certificates import Authority, server_context
from .receivers import HttpReceiver, StreamReceiver, UdpReceiver, closed_port

TWO = (committed(1), committed(2))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "plant-ca")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger-ca")


def syslog(port, transport, **more) -> SyslogConfig:
    return SyslogConfig(host="127.0.0.1", port=port, transport=transport, timeout_s=1.0, **more)


def webhook(port, scheme="https", **more) -> WebhookConfig:
    return WebhookConfig(url=f"{scheme}://127.0.0.1:{port}/findings?x=1", timeout_s=1.0, **more)


def deliver(config, findings=TWO) -> None:
    outlet = open_outlet(config, "hall-3")
    try:
        outlet.deliver(findings)
    finally:
        outlet.close()


def refusal(config) -> str:
    """How it fails: within its time, as one sentence."""
    began = time.monotonic()
    with pytest.raises(DeliveryError) as caught:
        deliver(config)
    assert time.monotonic() - began < 3
    text = str(caught.value)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def ids(messages):
    return [read_syslog(message).data["interlock@32473"]["id"] for message in messages]


IDS = [one.finding.id for one in TWO]


def test_syslog_over_udp() -> None:
    with UdpReceiver() as receiver:
        deliver(syslog(receiver.port, "udp"))
        assert ids([receiver.take(), receiver.take()]) == IDS


def test_udp_hears_that_nobody_listens() -> None:
    assert "refused" in refusal(syslog(closed_port(socket.SOCK_DGRAM), "udp"))


def test_syslog_over_tcp_keeps_its_connection() -> None:
    with StreamReceiver() as receiver:
        outlet = open_outlet(syslog(receiver.port, "tcp", format="cef"), "hall-3")
        outlet.deliver(TWO[:1])
        outlet.deliver(TWO[1:])
        assert ids(receiver.wait_for(2)) == IDS
        assert receiver.connections == 1
        outlet.close()


def test_a_receiver_that_was_restarted_is_called_anew() -> None:
    with StreamReceiver() as receiver:
        outlet = open_outlet(syslog(receiver.port, "tcp"), "hall-3")
        outlet.deliver(TWO[:1])
        receiver.wait_for(1)
    with pytest.raises(DeliveryError, match="refused"):
        outlet.deliver(TWO[1:])
    with StreamReceiver(port=receiver.port) as again:
        outlet.deliver(TWO[1:])
        assert ids(again.wait_for(1)) == IDS[1:]
        outlet.close()


def test_syslog_over_tls(authority) -> None:
    pair = authority.vouch("siem")
    with StreamReceiver(server_context(pair)) as receiver:
        deliver(syslog(receiver.port, "tls", ca_file=authority.file))
        assert ids(receiver.wait_for(2)) == IDS


def test_tls_shows_who_we_are_where_we_are_asked(authority) -> None:
    ours = authority.vouch("sensor")
    with StreamReceiver(server_context(authority.vouch("siem"), ca=authority.file)) as receiver:
        config = syslog(
            receiver.port, "tls", ca_file=authority.file, certificate=ours.certificate, key_file=ours.key
        )
        deliver(config)
        assert ids(receiver.wait_for(2)) == IDS


def test_the_name_may_be_another_than_the_host(authority) -> None:
    with StreamReceiver(server_context(authority.vouch("named", "siem.example"))) as receiver:
        deliver(syslog(receiver.port, "tls", ca_file=authority.file, server_name="siem.example"))
        assert len(receiver.wait_for(2)) == 2


def bad_certificates(authority, stranger):
    yield "stranger", server_context(stranger.vouch("stranger")), "not trusted"
    yield "name", server_context(authority.vouch("other", "siem.example")), "not trusted"
    yield "old", server_context(authority.vouch("old", days=30)), "expired"
    yield (
        "tls12",
        server_context(authority.vouch("tls12"), ssl.TLSVersion.TLSv1_2),
        "TLS 1.3 could not be agreed",
    )


@pytest.mark.parametrize("kind", ["stranger", "name", "old", "tls12"])
@pytest.mark.parametrize("receiver_kind", [StreamReceiver, HttpReceiver])
def test_who_cannot_prove_its_name_over_tls13_is_told_nothing(
    authority, stranger, kind, receiver_kind
) -> None:
    context, expected = next((c, e) for k, c, e in bad_certificates(authority, stranger) if k == kind)
    with receiver_kind(context) as receiver:
        if receiver_kind is StreamReceiver:
            text = refusal(syslog(receiver.port, "tls", ca_file=authority.file))
        else:
            text = refusal(webhook(receiver.port, ca_file=authority.file))
        assert expected in text
    assert not (receiver.messages if receiver_kind is StreamReceiver else receiver.bodies)


def test_without_a_file_the_systems_authorities_count(authority) -> None:
    with HttpReceiver(server_context(authority.vouch("hook"))) as receiver:
        assert "not trusted" in refusal(webhook(receiver.port))
        assert not receiver.bodies


def deliver_again_and_again(outlet) -> None:
    """The first may have arrived before its system said that nobody reads."""
    for _ in range(20):
        outlet.deliver(TWO)
        time.sleep(0.05)


def hang(connection) -> None:
    time.sleep(1.5)


def close_at_once(connection) -> None:
    connection.close()


def reset(connection) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def test_a_receiver_that_never_reads_is_given_up() -> None:
    many = [committed(n, explanation="x" * 7000) for n in range(2000)]
    with StreamReceiver(behaves=hang) as receiver:
        outlet = open_outlet(syslog(receiver.port, "tcp"), "hall-3")
        with pytest.raises(DeliveryError, match=r"not acknowledged|not done|timed out"):
            outlet.deliver(many)
        outlet.close()


@pytest.mark.parametrize("behaves", [close_at_once, reset])
def test_a_receiver_that_closes_has_not_taken_it(behaves) -> None:
    with StreamReceiver(behaves=behaves) as receiver:
        outlet = open_outlet(syslog(receiver.port, "tcp"), "hall-3")
        with pytest.raises(DeliveryError):
            deliver_again_and_again(outlet)
        outlet.close()


def test_tls_that_hangs_in_its_handshake_is_given_up(authority) -> None:
    with StreamReceiver(behaves=hang) as receiver:
        assert "timed out" in refusal(syslog(receiver.port, "tls", ca_file=authority.file))


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_nobody_listens(authority, transport) -> None:
    ca = authority.file if transport == "tls" else None
    assert "refused" in refusal(syslog(closed_port(), transport, ca_file=ca))


def test_webhook(authority, tmp_path) -> None:
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("s3cret\n")
    with HttpReceiver(server_context(authority.vouch("hook"))) as receiver:
        deliver(webhook(receiver.port, ca_file=authority.file, token_file=token))
    (body,), (head,) = receiver.bodies, receiver.heads
    check(body, "deliveries")
    assert [row["commit"] for row in body["deliveries"]] == [1, 2]
    assert body["deliveries"][0]["finding"] == delivery_document(TWO[0], "")["finding"]
    assert head.startswith(b"POST /findings?x=1 HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer s3cret" in head
    assert f"\r\nHost: 127.0.0.1:{receiver.port}\r\n".encode() in head


def test_webhook_in_clear_reaches_this_machine_only() -> None:
    with HttpReceiver() as receiver:
        deliver(webhook(receiver.port, "http"))
        assert len(receiver.bodies) == 1


def test_http_to_a_name_that_means_another_machine_tells_nothing(monkeypatch) -> None:
    """`localhost` may be anything for a resolver: who answers counts, not what it is called."""
    monkeypatch.setattr(call.Call, "peer", lambda _: "192.0.2.1")
    with HttpReceiver() as receiver:
        assert "is not this machine" in refusal(webhook(receiver.port, "http"))
    assert not receiver.bodies


def slow_answer(_number):
    time.sleep(0.2)
    return OK


def drip(connection) -> None:
    """An octet every 0.2 s: no single wait is long, and together they never end."""
    for octet in b"HTTP/1.1 200 OK\r\n" * 3:
        connection.sendall(bytes([octet]))
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("answer", "expected", "refused"),
    [
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "answers 500 Internal Server Error", False),
        (b"HTTP/1.1 503 Busy\x1b[31m\r\n\r\n", "answers 503 Busy\\x1b[31m", False),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1:1/\r\n\r\n",
            "redirections are not followed",
            False,
        ),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "answers 401", False),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "answers 404", False),
        (b"HTTP/1.1 413 Too Large\r\n\r\n", "answers 413", True),
        (b"HTTP/1.1 422 No\r\n\r\n", "answers 422", True),
        (b"SSH-2.0-x\r\n", "does not answer as HTTP says", False),
        (b"HTTP/1.1 2", "does not answer as HTTP says", False),
        (b"x" * 100_000, "does not answer as HTTP says", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, "does not answer|not done within", False),
        (None, "timed out", False),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_webhook_that_does_not_take_it(answer, expected, refused) -> None:
    with HttpReceiver(answer=answer) as receiver, pytest.raises(DeliveryError) as caught:
        deliver(webhook(receiver.port, "http"))
    assert any(part in str(caught.value) for part in expected.split("|"))
    assert caught.value.refused is refused
    assert "\x1b" not in str(caught.value)
    assert receiver.connections == 1


def test_an_interim_answer_is_no_answer_yet() -> None:
    with HttpReceiver(answer=b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" + OK) as receiver:
        deliver(webhook(receiver.port, "http"))


def test_a_slow_answer_within_its_time_is_taken_and_an_endless_one_is_not() -> None:
    with HttpReceiver(answer=slow_answer) as receiver:
        deliver(webhook(receiver.port, "http"))
    with StreamReceiver(behaves=drip) as receiver:
        text = refusal(webhook(receiver.port, "http"))
        assert "not done within" in text or "timed out" in text


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000
    with HttpReceiver(answer=endless) as receiver:
        deliver(webhook(receiver.port, "http"))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(tmp_path, mode) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(mode)
    with pytest.raises(
        ConfigError, match=r"others may use this secret \(mode 0\d+\); run: chmod 600"
    ) as caught:
        open_outlet(webhook(1, token_file=token), "x")
    assert "s3cret" not in str(caught.value)


def test_a_secret_that_the_service_manager_hands_over_is_one(tmp_path, monkeypatch) -> None:
    """Its folder is the service's alone; the access list shows as the group's right to read."""
    token = tmp_path / "siem.token"
    token.write_text("s3cret")
    token.chmod(0o440)
    with pytest.raises(ConfigError, match="others may use"):
        open_outlet(webhook(1, token_file=token), "x")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    open_outlet(webhook(1, token_file=token), "x")
    for mode in (0o444, 0o460, 0o450):
        token.chmod(mode)
        with pytest.raises(ConfigError, match="others may use"):
            open_outlet(webhook(1, token_file=token), "x")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "other"))
    token.chmod(0o440)
    with pytest.raises(ConfigError, match="others may use"):
        open_outlet(webhook(1, token_file=token), "x")


def test_secrets_that_are_none(tmp_path, authority) -> None:
    token = tmp_path / "token"
    for content in (b"", b"\n", b"two\nlines\n", b"a\r\nX-Evil: y", b"\xff", b"x" * 5000):
        token.write_bytes(content)
        token.chmod(0o600)
        with pytest.raises(ConfigError, match="one line of printable ASCII"):
            open_outlet(webhook(1, token_file=token), "x")
    token.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        open_outlet(webhook(1, token_file=token), "x")
    os.mkfifo(token, 0o600)
    with pytest.raises(ConfigError, match="is no file"):
        open_outlet(webhook(1, token_file=token), "x")
    ours = authority.vouch("sensor")
    ours.key.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_outlet(webhook(1, certificate=ours.certificate, key_file=ours.key), "x")
    ours.key.chmod(0o600)
    with pytest.raises(ConfigError, match="no certificate and its key"):
        open_outlet(webhook(1, certificate=ours.key, key_file=ours.key), "x")
    with pytest.raises(ConfigError, match="no certificates of authorities"):
        open_outlet(syslog(1, "tls", ca_file=tmp_path / "missing.pem"), "x")


def test_a_token_that_was_exchanged_is_taken_without_a_restart(tmp_path) -> None:
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("one")
    with HttpReceiver() as receiver:
        outlet = open_outlet(webhook(receiver.port, "http", token_file=token), "x")
        outlet.deliver(TWO)
        token.write_text("two")
        outlet.deliver(TWO)
        token.chmod(0o644)
        with pytest.raises(DeliveryError, match="chmod 600"):
            outlet.deliver(TWO)
    assert [head.split(b"Bearer ")[1] for head in receiver.heads] == [b"one", b"two"]


def test_a_message_has_no_more_octets_than_it_may() -> None:
    long = committed(3, explanation="x" * 50_000)
    with UdpReceiver() as receiver:
        deliver(syslog(receiver.port, "udp", max_octets=2048), [long])
        octets = receiver.take()
    assert len(octets) <= 2048
    assert "explanation" in json.loads(read_syslog(octets).text)["left_out"]


STORIES = (Reported(incident(1), "new"), Reported(incident(2), "worse: critical now, high before"))


def report(config) -> None:
    outlet = open_outlet(config, "hall-3")
    assert isinstance(outlet, Reporting)
    try:
        outlet.report(STORIES)
    finally:
        outlet.close()


def test_incidents_over_syslog() -> None:
    with UdpReceiver() as receiver:
        report(syslog(receiver.port, "udp"))
        assert ids([receiver.take(), receiver.take()]) == [one.incident.id for one in STORIES]
    with StreamReceiver() as receiver:
        report(syslog(receiver.port, "tcp", format="cef"))
        messages = [read_syslog(message) for message in receiver.wait_for(2)]
        assert [m.data["interlock@32473"]["why"] for m in messages] == [one.why for one in STORIES]
        assert {m.kind for m in messages} == {"incident"}


def test_incidents_to_a_webhook_and_into_a_file(tmp_path) -> None:
    with HttpReceiver() as receiver:
        report(webhook(receiver.port, "http"))
    (batch,) = receiver.bodies
    check(batch, "incident-deliveries")
    assert [row["why"] for row in batch["deliveries"]] == [one.why for one in STORIES]
    path = tmp_path / "told.jsonl"
    report(FileConfig(path=path))
    lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    for line in lines:
        check(line, "incident-delivery")
    assert [line["incident"]["id"] for line in lines] == [one.incident.id for one in STORIES]
