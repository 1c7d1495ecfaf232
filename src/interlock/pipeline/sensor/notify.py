"""What a service tells its manager: ready, alive, stopping; one datagram each.

Where nobody asked to be told (NOTIFY_SOCKET is not set) nothing is sent and nothing fails. The socket is of this
machine (AF_UNIX) only: beside `wires` no other module of the pipeline may know sockets.
Source: systemd, sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Notifier", "watchdog_interval_s"]

_TIMEOUT_S: Final = 1.0
_MAX_STATUS: Final = 500


class Notifier:
    """Tells the service manager. address: the value of NOTIFY_SOCKET, None or empty where there is none.

    A path, `@name` for the abstract namespace; anything else (vsock) is left alone. A manager that cannot be
    reached never stops the sensor: every method returns whether the datagram was taken.
    """

    def __init__(self, address: str | None) -> None:
        self._address = _unix(address or "")

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Notifier:
        """From NOTIFY_SOCKET; only the process that was started is listened to, unless NotifyAccess says more."""
        return cls(environment.get("NOTIFY_SOCKET"))

    def ready(self, status: str = "") -> bool:
        """It captures."""
        return self._send("READY=1", *_status(status))

    def stopping(self, status: str = "") -> bool:
        """It begins to end."""
        return self._send("STOPPING=1", *_status(status))

    def alive(self) -> bool:
        """It still does its work: asked for at least twice within WATCHDOG_USEC."""
        return self._send("WATCHDOG=1")

    def status(self, text: str) -> bool:
        """One line for `systemctl status`."""
        return self._send(*_status(text))

    def extend(self, microseconds: int) -> bool:
        """Starting or stopping takes this much longer than the manager would wait."""
        return self._send(f"EXTEND_TIMEOUT_USEC={microseconds}")

    def _send(self, *lines: str) -> bool:
        if not self._address or not lines:
            return False
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.settimeout(_TIMEOUT_S)
            sender.connect(self._address)
            sender.sendall("\n".join(lines).encode("utf-8", "replace"))
            return True
        return False


def _unix(address: str) -> bytes:
    r"""Give the address as the kernel knows it: an abstract one begins with a NUL instead of `@`."""
    if address.startswith("/"):
        return os.fsencode(address)
    return b"\0" + os.fsencode(address[1:]) if address.startswith("@") and len(address) > 1 else b""


def _status(text: str) -> tuple[str, ...]:
    """A status on one line: a line feed in it would begin another assignment."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MAX_STATUS]
    return (f"STATUS={line}",) if line else ()


def watchdog_interval_s(environment: Mapping[str, str], pid: int) -> float | None:
    """How often to say `alive`, in seconds: half of WATCHDOG_USEC; None where this process is not watched."""
    try:
        period_us = int(environment.get("WATCHDOG_USEC", ""))
        watched = int(environment.get("WATCHDOG_PID", pid))
    except ValueError:
        return None
    return period_us / 2e6 if period_us > 0 and watched == pid else None
