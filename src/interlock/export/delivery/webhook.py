"""Findings and incidents to an HTTPS receiver: one POST a batch, one connection a POST, taken where the answer is 2xx.

    POST TARGET HTTP/1.1
    Content-Type: application/json        interlock/deliveries/1, or interlock/incident-deliveries/1

Redirections are not followed: who answers under a name decides where findings go, and that is in the configuration.
Source: RFC 9110, 15 (status codes); RFC 9112, 3 to 5 (messages); RFC 6750, 2.1 (bearer tokens).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlock import __version__
from interlock.errors import ConfigError, DeliveryError
from interlock.export.delivery.call import client_context, dial, failure
from interlock.export.delivery.secret import read_secret
from interlock.export.finding_message import json_batch
from interlock.export.incident_message import incident_batch
from interlock.records.config_text import is_loopback, split_url
from interlock.report.printable import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.export.delivery.call import Call
    from interlock.export.finding_message import Committed
    from interlock.export.incident_message import Reported
    from interlock.records.config import WebhookConfig

__all__ = ["WebhookOutlet", "open_configured"]

_MAX_HEAD: Final = 16_384
_MAX_SHOWN: Final = 120
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?\n")
_REFUSED: Final = frozenset({400, 413, 422})
"""Refusals of what was sent; all others say something of us, the place or the moment."""


class WebhookOutlet:
    """An outlet (export.delivery.outlet.Outlet)."""

    def __init__(self, config: WebhookConfig, sensor: str) -> None:
        self.name = config.name
        self._config = config
        self._sensor = sensor
        self._scheme, self._host, self._port, self._target = split_url(config.url)
        self._receiver = f"webhook {self._host}:{self._port}"

    def deliver(self, findings: Sequence[Committed]) -> None:
        """See Outlet.deliver."""
        self._post(json_batch(findings, self._sensor).encode("ascii"))

    def report(self, incidents: Sequence[Reported]) -> None:
        """See Reporting.report."""
        self._post(incident_batch(incidents, self._sensor).encode("ascii"))

    def _post(self, body: bytes) -> None:
        try:
            call = dial(self._host, self._port, self._config.timeout_s)
            try:
                self._secure(call)
                call.send(self._head(len(body)) + body)
                self._judge(_head_of_answer(call))
            finally:
                call.close()
        except (OSError, ValueError, DeliveryError, ConfigError) as error:
            raise failure(self._receiver, error) from error

    def _secure(self, call: Call) -> None:
        """Encrypted, or to this machine: what the name meant is seen only now."""
        if self._scheme == "https":
            config = self._config
            call.encrypt(client_context(config.ca_file, config.certificate, config.key_file), self._host)
        elif not is_loopback(call.peer()):
            raise DeliveryError(f"{self._receiver}: is not this machine, and http is for this machine only")

    def _head(self, length: int) -> bytes:
        host = f"[{self._host}]" if ":" in self._host else self._host
        lines = [
            f"POST {self._target} HTTP/1.1",
            f"Host: {host}:{self._port}",
            f"User-Agent: interlock/{__version__}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            "Accept: */*",
            "Connection: close",
        ]
        if self._config.token_file is not None:
            lines.append(f"Authorization: Bearer {read_secret(self._config.token_file)}")
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")

    def _judge(self, head: bytes) -> None:
        """Raise DeliveryError unless the receiver has taken it."""
        found = _STATUS.match(head)
        if found is None:
            raise DeliveryError(f"{self._receiver}: does not answer as HTTP says")
        status = int(found[1])
        if 200 <= status < 300:
            return
        reason = clip((found[2] or b"").decode("latin-1"), _MAX_SHOWN)
        said = f"{self._receiver}: answers {status} {reason}".rstrip()
        if 300 <= status < 400:
            raise DeliveryError(f"{said}, and redirections are not followed; name the place itself")
        raise DeliveryError(said, refused=status in _REFUSED)

    def close(self) -> None:
        """See Outlet.close; no connection stays open."""


def _head_of_answer(call: Call) -> bytes:
    """The first line of the final answer and what came with it; interim answers (1xx) are passed over."""
    octets = b""
    while True:
        found = _STATUS.match(octets)
        if found and not found[1].startswith(b"1"):
            return octets
        if found and (end := octets.find(b"\r\n\r\n")) >= 0:
            octets = octets[end + 4 :]
            continue
        more = call.receive() if len(octets) < _MAX_HEAD else b""
        if not more:
            return octets
        octets += more


def open_configured(config: WebhookConfig, sensor: str) -> WebhookOutlet:
    """See outlet.open_outlet."""
    client_context(config.ca_file, config.certificate, config.key_file)
    if config.token_file is not None:
        read_secret(config.token_file)
    return WebhookOutlet(config, sensor)
