"""/metrics and /health over real HTTP, and against those who would hold or overfill the listener."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time

import pytest
from tests.export.readers import read_openmetrics
from tests.pipeline.sensor.figures_of import NOW, figures

from interlock.errors import ConfigError, SourceError
from interlock.export.delivery.metrics import MetricsListener
from interlock.records.config import MetricsConfig

from .certificates import Authority
from .receivers import closed_port


@contextlib.contextmanager
def listening(said=figures, wall=lambda: NOW, **more):
    config = MetricsConfig(listen=f"127.0.0.1:{closed_port()}", **more)
    listener = MetricsListener(config, said, wall)
    listener.start()
    try:
        yield listener.port
    finally:
        listener.close()


def ask(port, target, method="GET", **headers):
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asked.request(method, target, headers=headers)
        answer = asked.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        asked.close()


def raw(port, octets, patience=10.0) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as asked:
        answer = b""
        with contextlib.suppress(ConnectionError):
            asked.sendall(octets)
            while more := asked.recv(65_536):
                answer += more
        return answer


def test_metrics() -> None:
    with listening() as port:
        status, headers, body = ask(port, "/metrics?x=1")
        assert status == 200
        assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert "interlock_packets" in read_openmetrics(body.decode())
        assert {name.lower() for name in headers} <= {
            "content-type", "content-length", "cache-control", "x-content-type-options", "connection",
        }  # fmt: skip
        status, headers, body = ask(port, "/metrics", "HEAD")
        assert (status, body) == (200, b"")
        assert int(headers["Content-Length"]) > 1000


def test_health_is_what_the_sensor_said() -> None:
    for said, status, state in [
        (figures(), 200, "running"),
        (figures(state="stopping"), 503, "stopping"),
        (figures(time=NOW - 6_000_000_000), 503, "silent"),
        (figures(time=NOW - 6_000_000_000, state="stopped"), 503, "stopped"),
        (None, 503, "unknown"),
    ]:
        with listening(lambda: said) as port:  # noqa: B023
            answer = ask(port, "/health")
            assert (answer[0], json.loads(answer[2])) == (status, {"state": state})


def broken():
    raise SourceError("figures.json: is no file of figures")


def test_figures_that_cannot_be_read_are_no_health_and_tell_nothing() -> None:
    with listening(broken) as port:
        assert ask(port, "/metrics")[0] == 503
        status, _, body = ask(port, "/health")
        assert (status, json.loads(body)) == (503, {"state": "unknown"})
        assert b"figures" not in body


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics/ HTTP/1.1\r\n\r\n", 404),
        (b"GET /../health HTTP/1.1\r\n\r\n", 404),
        (b"GET /%6detrics HTTP/1.1\r\n\r\n", 404),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"DELETE /health HTTP/1.1\r\n\r\n", 405),
        (b"GET /health HTTP/2.0\r\n\r\n", 400),
        (b"GET http://127.0.0.1/health HTTP/1.1\r\n\r\n", 400),
        (b"GET  /health HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"GET /" + b"h" * 9000, 431),
        (b"GET /health HTTP/1.0\n\n", None),
    ],
)
def test_nothing_else_is_answered(octets, status) -> None:
    with listening() as port:
        if status is None:  # a head without its end: it is waited for, and given up
            began = time.monotonic()
            assert raw(port, octets) == b""
            assert time.monotonic() - began < 7
        else:
            answer = raw(port, octets)
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert b"interlock" not in answer.lower()
            assert b"python" not in answer.lower()


def test_many_that_hang_are_dropped_and_leave_room_after_their_time() -> None:
    with listening() as port, contextlib.ExitStack() as held:
        hanging = [
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10)) for _ in range(20)
        ]
        for one in hanging:
            with contextlib.suppress(ConnectionError):
                one.sendall(b"GET /hea")
        began = time.monotonic()
        closed = 0
        for one in hanging:
            with contextlib.suppress(ConnectionError):
                closed += one.recv(1) == b""
                continue
            closed += 1
        assert closed == 20
        assert time.monotonic() - began < 8
        assert ask(port, "/health")[0] == 200


def test_a_drip_is_given_up_as_a_whole() -> None:
    with listening() as port, socket.create_connection(("127.0.0.1", port), timeout=10) as asked:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            for _ in range(100):
                asked.sendall(b"G")
                time.sleep(0.1)
        assert time.monotonic() - began < 8


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "plant-ca")


@pytest.fixture
def token(tmp_path):
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text("s3cret\n")
    return path


def test_a_token_is_asked_for_before_anything_else(token) -> None:
    with listening(token_file=token) as port:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "s3cret"},
            {"X": "Bearer s3cret"},
        ):
            status, answered, _ = ask(port, "/nowhere", **headers)
            assert (status, answered["WWW-Authenticate"]) == (401, "Bearer")
        twice = b"GET /health HTTP/1.1\r\nAuthorization: Bearer wrong\r\nAuthorization: Bearer s3cret\r\n\r\n"
        assert raw(port, twice).startswith(b"HTTP/1.1 401")
        assert ask(port, "/health", Authorization="Bearer s3cret")[0] == 200
        assert ask(port, "/health", authorization="bearer s3cret")[0] == 200


def test_over_tls_13_and_nothing_older(authority, token) -> None:
    pair = authority.vouch("sensor")
    with listening(certificate=pair.certificate, key_file=pair.key, token_file=token) as port:
        context = ssl.create_default_context(cafile=authority.file)
        asked = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
        asked.request("GET", "/health", headers={"Authorization": "Bearer s3cret"})
        assert asked.getresponse().status == 200
        asked.close()
        assert raw(port, b"GET /health HTTP/1.1\r\n\r\n").find(b"HTTP") < 0
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
            pytest.raises(ssl.SSLError),
        ):
            context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_another_address_needs_both_even_where_the_file_was_not_asked(authority, token) -> None:
    pair = authority.vouch("sensor")
    for config in (
        MetricsConfig(listen="0.0.0.0:9"),
        MetricsConfig(listen="0.0.0.0:9", token_file=token),
        MetricsConfig(listen="0.0.0.0:9", certificate=pair.certificate, key_file=pair.key),
    ):
        with pytest.raises(ConfigError, match="is not of this machine alone"):
            MetricsListener(config, figures, lambda: NOW)


def test_an_address_in_use_is_one_sentence() -> None:
    with listening() as port, pytest.raises(ConfigError, match="cannot be listened on"):
        MetricsListener(MetricsConfig(listen=f"127.0.0.1:{port}"), figures, lambda: NOW)
