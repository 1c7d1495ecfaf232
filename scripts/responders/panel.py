"""Services of old panels and switches that send passwords in clear, and an SSH greeting."""

from __future__ import annotations

import asyncio
import base64
import functools
import os
import struct
import sys

# Invented for the demo; no device or person has them.
WEB_LOGIN = ("operator", "demo-Panel-7")
FTP_LOGIN = ("engineer", "demo-Load-3")
TELNET_LOGIN = ("admin", "demo-Switch-1")

_PAGE = b"<html><head><title>Mixer 01</title></head><body><h1>Mixer 01</h1><p>Level 54 %</p></body></html>"
_SSH_LISTS = (
    "curve25519-sha256,diffie-hellman-group14-sha1",
    "ssh-rsa,ssh-ed25519",
    *["aes128-ctr,aes256-ctr"] * 2,
    *["hmac-sha1,hmac-sha2-256"] * 2,
    *["none"] * 2,
    *[""] * 2,
)


async def http(server: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests with a page, once the Basic credentials are right (RFC 7617)."""
    wanted = b"authorization: basic " + base64.b64encode(":".join(WEB_LOGIN).encode()).lower()
    while request := await _until(reader, b"\r\n\r\n"):
        known = wanted in request.lower()
        status = b"200 OK" if known else b'401 Unauthorized\r\nWWW-Authenticate: Basic realm="panel"'
        page = _PAGE if known else b"<html><body>401</body></html>"
        length = str(len(page)).encode()
        writer.write(
            b"HTTP/1.1 %s\r\nServer: %s\r\nContent-Type: text/html\r\nContent-Length: %s\r\n\r\n%s"
            % (status, server, length, page)
        )
    writer.close()


async def ftp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A file server with passive transfers and one user (RFC 959)."""
    data: asyncio.Queue[bytes] = asyncio.Queue()
    writer.write(b"220 Panel FTP server ready.\r\n")
    while line := await _until(reader, b"\r\n"):
        verb, _, argument = line.decode("latin-1").strip().partition(" ")
        if verb == "USER":
            writer.write(b"331 Password required.\r\n")
        elif verb == "PASS":
            known = argument == FTP_LOGIN[1]
            writer.write(b"230 Logged in.\r\n" if known else b"530 Login incorrect.\r\n")
        elif verb == "PASV":
            passive = await asyncio.start_server(functools.partial(_take, data), "0.0.0.0", 0)
            port = passive.sockets[0].getsockname()[1]
            own = writer.get_extra_info("sockname")[0].replace(".", ",")
            writer.write(f"227 Entering Passive Mode ({own},{port >> 8},{port & 255}).\r\n".encode())
        elif verb == "STOR":
            writer.write(b"150 Opening data connection.\r\n")
            await asyncio.wait_for(data.get(), 5)
            writer.write(b"226 Transfer complete.\r\n")
        elif verb == "QUIT":
            writer.write(b"221 Goodbye.\r\n")
            break
        else:
            writer.write(
                {"SYST": b"215 VxWorks\r\n", "TYPE": b"200 Type set to I.\r\n"}.get(verb, b"502 No.\r\n")
            )
    writer.close()


async def telnet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A login and a prompt."""
    writer.write(b"\xff\xfb\x01\xff\xfb\x03\r\nHirschmann RS20 Release L2P-09.1.02\r\n\r\nUser: ")
    user = await _until(reader, b"\r\n")
    writer.write(b"Password: ")
    password = await _until(reader, b"\r\n")
    known = (_typed(user), _typed(password)) == TELNET_LOGIN
    writer.write(b"\r\n(SW-CELL-1) >" if known else b"\r\nLogin incorrect\r\nUser: ")
    while known and (line := await _until(reader, b"\r\n")):
        if _typed(line) == "logout":
            break
        writer.write(b"System Up Time: 41 days\r\n(SW-CELL-1) >")
    writer.close()


async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet and offer algorithms (RFC 4253, 4.2 and 7.1), then hang up."""
    writer.write(b"SSH-2.0-dropbear_2019.78\r\n" + key_exchange_offer())
    await _until(reader, b"\r\n")
    await reader.read(2048)
    writer.close()


def key_exchange_offer() -> bytes:
    """One SSH_MSG_KEXINIT packet."""
    lists = b"".join(struct.pack(">I", len(names)) + names.encode() for names in _SSH_LISTS)
    payload = b"\x14" + os.urandom(16) + lists + bytes(5)
    padding = 8 - (len(payload) + 5) % 8 + 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


async def main(services: list[str]) -> None:
    """Serve the named services until ended."""
    known = {
        "http": (80, functools.partial(http, b"GoAhead-Webs")),
        "ftp": (21, ftp),
        "telnet": (23, telnet),
        "ssh": (22, ssh),
    }
    for service in services:
        port, handler = known[service]
        await asyncio.start_server(handler, "0.0.0.0", port)
    await asyncio.Event().wait()


async def _take(
    arrived: asyncio.Queue[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    arrived.put_nowait(await reader.read(-1))
    writer.close()


async def _until(reader: asyncio.StreamReader, mark: bytes) -> bytes:
    try:
        return await reader.readuntil(mark)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def _typed(line: bytes) -> str:
    return line.replace(b"\xff\xfd\x01\xff\xfd\x03", b"").decode("latin-1").strip()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
