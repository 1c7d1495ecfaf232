"""People at the services of `panel`: a browser, a file transfer, a terminal."""

from __future__ import annotations

import base64
import re
import socket

from responders.panel import FTP_LOGIN, TELNET_LOGIN, WEB_LOGIN, key_exchange_offer


def browse(address: str, agent: str, paths: tuple[str, ...] = ("/", "/index.html"), port: int = 80) -> None:
    """Ask for the pages: first without, then with the password, as browsers do."""
    credentials = base64.b64encode(":".join(WEB_LOGIN).encode()).decode()
    with socket.create_connection((address, port), 3) as stream:
        for i, path in enumerate(paths):
            allowed = f"Authorization: Basic {credentials}\r\n" if i else ""
            ask = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {agent}\r\n{allowed}\r\n"
            stream.sendall(ask.encode())
            stream.recv(8192)


def transfer(address: str, name: str, octets: bytes) -> None:
    """Log in by FTP and store one file."""
    with socket.create_connection((address, 21), 3) as control:

        def say(line: str) -> str:
            control.sendall(line.encode() + b"\r\n")
            return control.recv(1024).decode()

        control.recv(1024)
        say(f"USER {FTP_LOGIN[0]}")
        say(f"PASS {FTP_LOGIN[1]}")
        say("TYPE I")
        numbers = [int(n) for n in re.findall(r"\d+", say("PASV"))[-2:]]
        with socket.create_connection((address, numbers[0] * 256 + numbers[1]), 3) as data:
            say(f"STOR {name}")
            data.sendall(octets)
        control.recv(1024)
        say("QUIT")


def terminal(address: str) -> None:
    """Log in by Telnet, look and log out."""
    with socket.create_connection((address, 23), 3) as stream:
        stream.recv(1024)
        stream.sendall(b"\xff\xfd\x01\xff\xfd\x03")
        for line in (*TELNET_LOGIN, "show system info", "logout"):
            stream.sendall(line.encode() + b"\r\n")
            stream.recv(1024)


def ssh_greeting(address: str) -> None:
    """Greet as a terminal program does."""
    with socket.create_connection((address, 22), 3) as stream:
        stream.sendall(b"SSH-2.0-PuTTY_Release_0.78\r\n")
        stream.recv(2048)
        stream.sendall(key_exchange_offer())
        stream.recv(2048)
