"""RFC 9112: bodies with a length, in chunks and none; a login (RFC 7617), a refusal."""

from __future__ import annotations

import base64

from decode.protocols.smb_octets import ntlm_authenticate, ntlm_challenge
from decode.protocols.winrm_octets import answer, post, request
from decode.seeds import Seed

_BASIC = base64.b64encode(b"admin:admin")


_CHALLENGE = base64.b64encode(ntlm_challenge())

SEEDS = (
    Seed(
        name="requests",
        transport="tcp",
        counted=True,
        port=80,
        messages=(
            (0, b"GET /a?user=joe HTTP/1.1\r\nHost: plc\r\nUser-Agent: X (Windows NT 6.1)\r\n\r\n"),
            (1, b"HTTP/1.1 200 OK\r\nServer: GoAhead-Webs\r\nContent-Length: 5\r\n\r\nhello"),
            (0, b"PUT /b HTTP/1.1\r\nHost: plc\r\nAuthorization: Basic " + _BASIC
             + b"\r\nContent-Length: 4\r\n\r\nabcd"),
            (1, b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nX: y\r\n\r\n"),
            (0, b"POST /form HTTP/1.1\r\nHost: plc\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n"),
            (1, b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
            (0, b"GET /c HTTP/1.1\r\nHost: plc\r\n\r\n"),
            (1, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"),
        ),
    ),
    Seed(
        name="winrm",
        transport="tcp",
        counted=True,
        port=5985,
        no_join="NTLM authenticates the connection once",
        messages=(
            (0, post(b"", b"NTLMSSP\0\x01\0\0\0" + bytes(24))),
            (1, b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate " + _CHALLENGE + b"\r\nContent-Length: 0\r\n\r\n"),
            (0, post(b"sealed", ntlm_authenticate())),
            (1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            (0, request(12)),
            (1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ),
    ),
    Seed(
        name="winrm-actions",
        transport="tcp",
        counted=True,
        port=5985,
        messages=tuple(
            message
            for function in (2, 3, 6, 7, 9, 15, 19, 20)
            for message in ((0, request(function)), (1, answer(500 if function == 3 else 200)))
        ),
    ),
)  # fmt: skip
