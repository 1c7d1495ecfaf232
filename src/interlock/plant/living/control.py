"""Where the living plant is asked and told: a Unix socket in the state folder, one line of JSON each way.

    {"do": "status"}                       → {"status": {...}}
    {"do": "attack", "name": "..."}        → {"event": ...} lines until the attack is over; hanging up ends it
    {"do": "event", "name": "..."}         → the same for a rare event that is nobody's attack
An attack is named, never described: whom it reaches stands in the scenario, and only machines of the plant do.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from interlock.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from interlock.plant.living.state import Files

__all__ = ["ask", "listen", "reach", "said"]

_NAME: Final = "control.sock"
_LONGEST: Final = 4096
_PATIENCE_S: Final = 5.0


def _within(folder: Path) -> tuple[int, str]:
    """A short name for the socket: the kernel takes at most 107 octets, state folders may be deep."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    return handle, f"/proc/self/fd/{handle}/{_NAME}"


async def listen(
    files: Files, answer: Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]]
) -> asyncio.AbstractServer:
    """Serve requests of this user until closed. answer: what is said to one, line by line."""
    handle, name = _within(files.folder)
    try:
        (files.folder / _NAME).unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        sock.bind(name)
        (files.folder / _NAME).chmod(0o600)
    finally:
        os.close(handle)

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(reader, writer, answer)
        except (ConnectionError, TimeoutError, ValueError):
            pass  # whoever asked went away, or asked nonsense: nothing is done
        finally:
            writer.close()

    return await asyncio.start_unix_server(accepted, sock=sock, limit=_LONGEST)


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]],
) -> None:
    request = json.loads(await asyncio.wait_for(reader.readline(), _PATIENCE_S))
    if not isinstance(request, dict):
        raise ValueError("not a request")  # noqa: TRY004 (what octets say, not what a caller passes)
    telling = asyncio.ensure_future(_tell(writer, answer(request)))
    hanging_up = asyncio.ensure_future(reader.read(1))
    done, _ = await asyncio.wait((telling, hanging_up), return_when=asyncio.FIRST_COMPLETED)
    both: tuple[asyncio.Future[Any], ...] = (telling, hanging_up)
    for task in both:
        task.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    if telling in done:
        telling.result()


async def _tell(writer: asyncio.StreamWriter, lines: AsyncIterator[dict[str, Any]]) -> None:
    async for line in lines:
        writer.write(json.dumps(line).encode("utf-8") + b"\n")
        await writer.drain()


def reach(files: Files) -> socket.socket:
    """A connection to the plant that is up. Raises ConfigError where none is, or the process is another one."""
    run = files.read()
    if run is None or not run.alive():
        raise ConfigError("no plant is up; `interlock plant up` starts it")
    handle, name = _within(files.folder)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(_PATIENCE_S)
        sock.connect(name)
    except OSError as error:
        sock.close()
        raise SourceError("the plant does not answer; `interlock plant down` ends it") from error
    finally:
        os.close(handle)
    pid, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if pid != run.pid or uid != os.geteuid():
        sock.close()
        raise ConfigError("somebody else listens in the plant's place; `interlock plant down`, then `up`")
    return sock


def ask(sock: socket.socket, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send one request; gives what is said to it, to the end. Raises SourceError where the plant goes away."""
    try:
        sock.sendall(json.dumps(request).encode("utf-8") + b"\n")
        with sock.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise SourceError("the plant went away while it was asked") from error


def said(files: Files, request: dict[str, Any]) -> dict[str, Any]:
    """The one line that answers a request. Raises ConfigError and SourceError, see `reach`."""
    sock = reach(files)
    with sock:
        for line in ask(sock, request):
            return line
    raise SourceError("the plant went away while it was asked")
