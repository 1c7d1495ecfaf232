"""Findings and incidents to a syslog receiver, over UDP, TCP or TLS.

Syslog knows no acknowledgement. Over TCP and TLS a finding counts as delivered once the receiver's system has
acknowledged its octets and the connection still stands; over UDP once it has left, which is why UDP alone can lose.
Over streams each message is preceded by its length: `MSG-LEN SP SYSLOG-MSG`.
Source: RFC 5426 (UDP), RFC 6587, 3.4.1 (TCP), RFC 5425 (TLS).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from interlock.errors import ConfigError
from interlock.export.delivery.call import Call, client_context, dial, failure
from interlock.export.syslog_message import syslog_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.export.finding_message import Committed
    from interlock.export.incident_message import Reported
    from interlock.records.config import SyslogConfig

__all__ = ["StreamOutlet", "UdpOutlet", "open_configured"]


class UdpOutlet:
    """An outlet (export.delivery.outlet.Outlet): one datagram a finding."""

    def __init__(self, config: SyslogConfig, sensor: str) -> None:
        self.name = config.name
        self._config = config
        self._sensor = sensor
        self._socket: socket.socket | None = None

    def deliver(self, findings: Sequence[Committed]) -> None:
        """See Outlet.deliver; a receiver that its system says is not there is the only failure that can be known."""
        self._send(findings)

    def report(self, incidents: Sequence[Reported]) -> None:
        """See Reporting.report."""
        self._send(incidents)

    def _send(self, many: Sequence[Committed | Reported]) -> None:
        try:
            for one in many:
                self._connected().send(syslog_message(one, self._config, self._sensor, os.getpid()))
            self._heard_of_failure()
        except (OSError, ValueError) as error:
            self.close()
            raise failure(f"syslog {self._config.host}:{self._config.port} (udp)", error) from error

    def _connected(self) -> socket.socket:
        """A connected socket hears of `port unreachable`. The name is looked up anew after each failure."""
        if self._socket is None:
            found = socket.getaddrinfo(self._config.host, self._config.port, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, address = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.settimeout(self._config.timeout_s)
            self._socket.connect(address)
        return self._socket

    def _heard_of_failure(self) -> None:
        """Raise what came back so far; a receiver never answers, so that anything else is thrown away."""
        assert self._socket is not None
        self._socket.settimeout(0.02)
        try:
            with suppress(TimeoutError, BlockingIOError):
                self._socket.recv(1)
        finally:
            self._socket.settimeout(self._config.timeout_s)

    def close(self) -> None:
        """See Outlet.close."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class StreamOutlet:
    """An outlet (export.delivery.outlet.Outlet) over one connection that stays open."""

    def __init__(self, config: SyslogConfig, sensor: str) -> None:
        self.name = config.name
        self._config = config
        self._sensor = sensor
        self._call: Call | None = None
        self._receiver = f"syslog {config.host}:{config.port} ({config.transport})"

    def deliver(self, findings: Sequence[Committed]) -> None:
        """See Outlet.deliver."""
        self._send(findings)

    def report(self, incidents: Sequence[Reported]) -> None:
        """See Reporting.report."""
        self._send(incidents)

    def _send(self, many: Sequence[Committed | Reported]) -> None:
        messages = [syslog_message(one, self._config, self._sensor, os.getpid()) for one in many]
        octets = b"".join(b"%d %b" % (len(message), message) for message in messages)
        try:
            call = self._connected()
            call.send(octets)
            call.settle()
        except (OSError, ValueError, ConfigError) as error:
            self.close()
            raise failure(self._receiver, error) from error

    def _connected(self) -> Call:
        if self._call is not None:
            self._call.begin()
            if not self._call.ended():
                return self._call
            self.close()
        config = self._config
        self._call = dial(config.host, config.port, config.timeout_s)
        if config.transport == "tls":
            # Read anew for each connection, so that renewed certificates are taken without a restart.
            context = client_context(config.ca_file, config.certificate, config.key_file)
            self._call.encrypt(context, config.server_name or config.host)
        return self._call

    def close(self) -> None:
        """See Outlet.close."""
        if self._call is not None:
            self._call.close()
        self._call = None


def open_configured(config: SyslogConfig, sensor: str) -> UdpOutlet | StreamOutlet:
    """See outlet.open_outlet."""
    if config.transport == "udp":
        return UdpOutlet(config, sensor)
    if config.transport == "tls":
        client_context(config.ca_file, config.certificate, config.key_file)
    return StreamOutlet(config, sensor)
