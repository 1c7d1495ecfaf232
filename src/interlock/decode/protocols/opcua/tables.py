"""The tables that only OPC UA fills."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.decode.protocols.opcua.parameters import PARAMETERS
from interlock.records.schema import Column, Table, text
from interlock.records.tables import DETAIL

__all__ = ["DETAILS", "ENDPOINTS", "SESSIONS"]

_SECONDS = pa.timestamp("s", "UTC")


def _certificate(whose: str) -> tuple[Column, ...]:
    """Return the columns of one end's application instance certificate."""
    side = f"{whose}'s certificate"
    return (
        Column(
            name=f"{whose}_certificate_subject", type=text(), nullable=True, meaning=f"subject of the {side}"
        ),
        Column(
            name=f"{whose}_certificate_issuer", type=text(), nullable=True, meaning=f"issuer of the {side}"
        ),
        Column(
            name=f"{whose}_certificate_not_after",
            type=_SECONDS,
            nullable=True,
            unit="s",
            meaning=f"when the {side} expires",
        ),
        Column(
            name=f"{whose}_certificate_key",
            type=text(),
            nullable=True,
            meaning=f"key and hash of the {side}, as `rsa-2048 sha256`",
        ),
        Column(
            name=f"{whose}_certificate_sha1",
            type=text(),
            nullable=True,
            meaning=f"thumbprint of the {side}, as OPC UA names it (SHA-1, hexadecimal)",
        ),
    )


SESSIONS: Final = Table(
    name="opcua_sessions",
    version=1,
    meaning="One row per secure channel opened and per session activated on one.",
    columns=(
        *DETAIL,
        Column(name="event", type=text(), meaning="channel (opened or met) or session (activated)"),
        Column(name="channel", type=pa.uint32(), nullable=True, meaning="secure channel id"),
        Column(name="policy", type=text(), nullable=True, meaning="security policy: None, Basic256Sha256, …"),
        Column(name="mode", type=text(), nullable=True, meaning="None, Sign or SignAndEncrypt"),
        Column(
            name="token",
            type=text(),
            nullable=True,
            meaning="anonymous, username, certificate or issued; null for a channel",
        ),
        Column(name="user", type=text(), nullable=True, meaning="who the user token names"),
        Column(name="endpoint_url", type=text(), nullable=True, meaning="endpoint that the client asked for"),
        Column(name="session_name", type=text(), nullable=True, meaning="what the client calls the session"),
        Column(
            name="client_application",
            type=text(),
            nullable=True,
            meaning="name of the client's application",
        ),
        Column(name="client_uri", type=text(), nullable=True, meaning="application URI of the client"),
        *_certificate("client"),
        *_certificate("server"),
    ),
)

ENDPOINTS: Final = Table(
    name="opcua_endpoints",
    version=1,
    meaning="One row per endpoint that a server says it offers.",
    columns=(
        *DETAIL,
        Column(name="endpoint_url", type=text(), nullable=True, meaning="address of the endpoint"),
        Column(
            name="application_name", type=text(), nullable=True, meaning="name of the server's application"
        ),
        Column(name="application_uri", type=text(), nullable=True, meaning="application URI of the server"),
        Column(name="product_uri", type=text(), nullable=True, meaning="product URI of the server"),
        Column(
            name="application_type",
            type=text(),
            nullable=True,
            meaning="server, client, client-and-server or discovery-server",
        ),
        Column(name="policy", type=text(), nullable=True, meaning="security policy it takes"),
        Column(name="mode", type=text(), nullable=True, meaning="None, Sign or SignAndEncrypt"),
        Column(
            name="tokens", type=text(), nullable=True, meaning="user tokens it takes, with commas between"
        ),
        Column(
            name="clear_password",
            type=pa.bool_(),
            nullable=True,
            meaning="whether it lets user names log in with a password that nothing encrypts",
        ),
        Column(name="security_level", type=pa.uint8(), nullable=True, meaning="the server's own ranking"),
        Column(name="transport", type=text(), nullable=True, meaning="transport profile, without its prefix"),
        *_certificate("server"),
    ),
)

DETAILS: Final = (SESSIONS, ENDPOINTS, PARAMETERS)
