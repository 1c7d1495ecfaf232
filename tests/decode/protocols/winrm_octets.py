"""WS-Management in HTTP, written after MS-WSMV clauses 3.1.4 and 4, and DMTF DSP0226 clauses 7 to 11."""

from __future__ import annotations

import base64

__all__ = [
    "EVENTS",
    "REQUESTS",
    "SEALED",
    "SERVICE",
    "SHELL",
    "answer",
    "envelope",
    "identify",
    "post",
    "request",
]

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
EVENTS = "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
SERVICE = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service"
SEALED = (
    b"--Encrypted Boundary\r\nContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"OriginalContent: type=application/soap+xml;charset=UTF-8;Length=16\r\n"
    b"--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n" + bytes(36) + b"--Encrypted Boundary--\r\n"
)  # fmt: skip
"""MS-WSMV clause 2.2.9.1: the envelope under the keys of the login."""


def envelope(action: str, resource: str = f"{SHELL}/cmd", body: str = "") -> str:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>'
        f'<a:Action s:mustUnderstand="true">{action}</a:Action>'
        f'<w:ResourceURI s:mustUnderstand="true">{resource}</w:ResourceURI></s:Header>'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def identify() -> str:
    """DSP0226 clause 11: without a header."""
    wsmid = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="{wsmid}">'
        "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
    )


def post(body: str | bytes, authorization: bytes = b"") -> bytes:
    octets = body if isinstance(body, bytes) else body.encode()
    login = b"Authorization: Negotiate " + base64.b64encode(authorization) + b"\r\n" if authorization else b""
    head = b"POST /wsman HTTP/1.1\r\nHost: plant-1:5985\r\n" + login
    return head + b"Content-Length: %d\r\n\r\n" % len(octets) + octets


def answer(code: int, challenge: bytes = b"") -> bytes:
    token = b" " + base64.b64encode(challenge) if challenge else b""
    asks = b"WWW-Authenticate: Negotiate" + token + b"\r\n" if code == 401 else b""
    return b"HTTP/1.1 %d x\r\nServer: Microsoft-HTTPAPI/2.0\r\n" % code + asks + b"Content-Length: 0\r\n\r\n"


REQUESTS: dict[int, str | bytes] = {
    1: SEALED,
    2: envelope(f"{TRANSFER}/Get", SERVICE),
    3: envelope(f"{TRANSFER}/Put", SERVICE, "<p:Win32_Service><p:StartMode>Disabled</p:StartMode></p:Win32_Service>"),
    4: envelope(f"{TRANSFER}/Create", "http://schemas.microsoft.com/wbem/wsman/1/config/listener"),
    5: envelope(f"{TRANSFER}/Delete"),
    6: envelope(f"{ENUMERATION}/Enumerate", SERVICE, "<n:Enumerate/>"),
    7: envelope(f"{ENUMERATION}/Pull", SERVICE, "<n:Pull><n:EnumerationContext>7</n:EnumerationContext></n:Pull>"),
    8: envelope(f"{ENUMERATION}/Release", SERVICE, "<n:Release/>"),
    9: envelope(f"{EVENTING}/Subscribe", EVENTS, "<e:Subscribe/>"),
    10: envelope(f"{EVENTING}/Unsubscribe", EVENTS, "<e:Unsubscribe/>"),
    11: envelope(f"{EVENTING}/Renew", EVENTS, "<e:Renew><e:Expires>PT60S</e:Expires></e:Renew>"),
    12: envelope(f"{SHELL}/Command", body="<rsp:CommandLine><rsp:Command>ipconfig</rsp:Command></rsp:CommandLine>"),
    13: envelope(f"{SHELL}/Send", body='<rsp:Send><rsp:Stream Name="stdin">ZGly</rsp:Stream></rsp:Send>'),
    14: envelope(f"{SHELL}/Receive", body="<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"),
    15: envelope(f"{SHELL}/Signal", body=f"<rsp:Signal><rsp:Code>{SHELL}/signal/terminate</rsp:Code></rsp:Signal>"),
    16: envelope(f"{SHELL}/Connect", body="<rsp:Connect/>"),
    17: envelope(f"{SHELL}/Disconnect", body="<rsp:Disconnect/>"),
    18: envelope(f"{SHELL}/Reconnect", body="<rsp:Reconnect/>"),
    19: identify(),
    20: envelope(f"{TRANSFER}/Create", body="<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams></rsp:Shell>"),
}  # fmt: skip
"""A request's body for each action, by its number in verbs.toml."""


def request(function: int) -> bytes:
    """The whole request that asks for an action."""
    return post(REQUESTS[function])
