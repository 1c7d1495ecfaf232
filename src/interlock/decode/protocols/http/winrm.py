"""WinRM: WS-Management over HTTP; which action a request asks for, and what it names, where the body is in clear.

    POST /wsman … | Envelope | Header: Action, ResourceURI, To … | Body: Command …

Bodies are sealed (`multipart/encrypted`) unless both ends allow otherwise. Source: MS-WSMV clauses 2.2.4, 3.1.4 and 4,
DMTF DSP0226 clauses 7 to 10.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from html import unescape
from typing import Final

__all__ = ["KEPT", "SEALED", "Action", "is_wsman", "negotiated", "read_action"]

KEPT: Final = 8192
"""Octets of a body that are read: the envelope's header, and a command with it."""
SEALED: Final = 1
"""Number in verbs.toml of a request whose body is encrypted; the other actions follow it."""
_ACTIONS: Final = {
    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get": 2,
    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Put": 3,
    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create": 4,
    "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete": 5,
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate": 6,
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull": 7,
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release": 8,
    "http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe": 9,
    "http://schemas.xmlsoap.org/ws/2004/08/eventing/Unsubscribe": 10,
    "http://schemas.xmlsoap.org/ws/2004/08/eventing/Renew": 11,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command": 12,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send": 13,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive": 14,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal": 15,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect": 16,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect": 17,
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect": 18,
}
_IDENTIFY: Final = 19
_SHELL_CREATE, _CREATE, _COMMAND = 20, 4, 12
_ELEMENT: Final = r"<(?:\w{{1,32}}:)?{}(?:\s[^<>]{{0,512}})?>([^<]{{1,1024}})<"
_ACTION: Final = re.compile(_ELEMENT.format("Action"))
_RESOURCE: Final = re.compile(_ELEMENT.format("ResourceURI"))
_COMMAND_LINE: Final = re.compile(_ELEMENT.format("Command"))
_IDENTIFIES: Final = re.compile(r"<(?:\w{1,32}:)?Identify[\s/>]")
_SHELL: Final = "/windows/shell/"


@dataclass(frozen=True, slots=True)
class Action:
    """function: in verbs.toml, None where it has no number; name: the end of its URI. about: what it names."""

    function: int | None
    name: str
    about: str


def is_wsman(target: bytes) -> bool:
    """Whether a request's target is WS-Management's."""
    path = target.partition(b"?")[0].lower()
    return path.endswith((b"/wsman", b"/wsman-anon/identify")) or b"/wsman/" in path


def read_action(body: bytes) -> Action:
    """body: the first octets behind the head; sealed where they are no envelope."""
    text = _decoded(body)
    found = _ACTION.search(text)
    if found is None:
        if _IDENTIFIES.search(text):
            return Action(_IDENTIFY, "Identify", "")
        return Action(SEALED, "", "") if body else Action(None, "", "")
    uri, resource = found[1].strip(), _RESOURCE.search(text)
    about = unescape(resource[1].strip()) if resource is not None else ""
    function = _ACTIONS.get(uri)
    if function == _CREATE and _SHELL in about.lower():
        function = _SHELL_CREATE
    command = _COMMAND_LINE.search(text) if function == _COMMAND else None
    if command is not None:
        about = f"command:{unescape(command[1].strip())}"
    return Action(function, "/".join(uri.rsplit("/", 2)[-2:])[:128], about)


def _decoded(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"<\x00"):
        return body.decode("utf-16-le", "replace")
    return body.decode("utf-8", "replace")


def negotiated(authorization: str) -> bytes:
    """The token of a Negotiate or NTLM field of HTTP (RFC 4559 clause 4); empty for other schemes."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() not in ("negotiate", "ntlm"):
        return b""
    try:
        return base64.b64decode(rest.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
