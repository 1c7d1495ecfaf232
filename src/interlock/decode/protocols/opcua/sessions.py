"""Discovery, secure channels and sessions: who opens them, how secured, as whom; what servers offer.

Source: OPC 10000-4, 5.4 (discovery), 5.5 (secure channels), 5.6 (sessions), 7.36 (user identity tokens).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.protocols.opcua.certificate import read_certificate
from interlock.decode.protocols.opcua.channel import MAX_USERS
from interlock.decode.protocols.opcua.identity import APPLICATION_TYPES

if TYPE_CHECKING:
    from interlock.decode.protocols.opcua.channel import Channel
    from interlock.decode.protocols.opcua.identity import Application, Identity
    from interlock.decode.protocols.opcua.variants import Variants

__all__ = ["MODES", "Sessions", "policy_of"]

MODES: Final = (None, "None", "Sign", "SignAndEncrypt")
TOKENS: Final = ("anonymous", "username", "certificate", "issued")
_ANONYMOUS, _USERNAME, _X509, _ISSUED = 321, 324, 327, 940
_POLICY_PREFIX: Final = "http://opcfoundation.org/UA/SecurityPolicy#"
_TRANSPORT_PREFIX: Final = "http://opcfoundation.org/UA-Profile/Transport/"

MAX_ENDPOINTS: Final = 256
MAX_SAID: Final = 4096
MAX_USER_NAMES: Final = 65536
"""Different users of a run that get a name; a flood of made-up ones must not fill the memory."""


def policy_of(uri: str | None) -> str | None:
    """Return the policy's name, as `Basic256Sha256`; an unknown URI as it stands."""
    if not uri:
        return None
    return uri.removeprefix(_POLICY_PREFIX)[:128]


class Sessions:
    """Handlers as in service.Service; rare messages, so plain Python."""

    def __init__(self, variants: Variants, facts: Any, identity: Identity) -> None:
        self._v = variants
        self._c = variants.cursor
        self._facts = facts
        self._identity = identity
        self._said: set[tuple[Any, ...]] = set()
        self._users: set[str] = set()
        self.requests = {
            437: self.ask_register,
            461: self.ask_create,
            467: self.ask_activate,
            479: self.ask_cancel,
            12211: self.ask_register,
        }
        self.answers = {
            422: self.answer_servers,
            428: self.answer_endpoints,
            461: self.answer_create,
            467: self.answer_activate,
            473: self.answer_close,
        }

    def certificate(self, m: Any, i: int, state: Channel, whose: str, octets: bytes | None) -> None:
        """Remember what one end's certificate says; whose: `client` or `server`."""
        if not octets:
            return
        found = read_certificate(octets)
        if found is None:
            self._facts.oddity(m, i, "opcua", "certificate-unreadable", self._c.offset())
            return
        state.about.update({f"{whose}_certificate_{name}": value for name, value in found.items()})

    def announce(self, m: Any, i: int, state: Channel) -> None:
        """Say once how the channel is secured."""
        said = f"{state.policy}/{state.mode}"
        if state.announced != said:
            state.announced = said
            self._row(m, i, state, "channel", None, None)

    def _row(self, m: Any, i: int, state: Channel, event: str, token: str | None, user: str | None) -> None:
        row = dict(state.about)
        row.update(
            event=event,
            channel=state.channel if 0 <= state.channel < 1 << 32 else None,
            policy=state.policy,
            mode=state.mode,
            token=token,
            user=user,
            endpoint_url=state.about.get("endpoint_url") or state.endpoint_url,
        )
        self._facts.detail("opcua_sessions", m, i, row)

    def ask_create(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """CreateSession: client, server URI, endpoint, session name, nonce, certificate, time-out 8, size 4."""
        v = self._v
        client = self._identity.application()
        v.skip_string()
        url, name = v.string(), v.string()
        v.skip_string()
        about = {
            "endpoint_url": url,
            "session_name": name,
            "client_application": client["name"] or None,
            "client_uri": client["uri"] or None,
        }
        out.notes[out.operation_of(row)] = about
        self._identity.tell(m, i, self._facts.sender(m, i), client)
        self._identity.name(m, i, self._facts.receiver(m, i), url, 0.4)
        self.certificate(m, i, state, "client", v.octets())

    def answer_create(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """CreateSession: session id, token, time-out 8, nonce, certificate, endpoints; the rest is signatures."""
        v = self._v
        state.about.update(out.notes.pop(out.operation_of(row), {}))
        v.skip_node()
        v.skip_node()
        self._c.skip(8)
        v.skip_string()
        self.certificate(m, i, state, "server", v.octets())
        self._endpoints(m, i)

    def ask_activate(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """ActivateSession: signature, software certificates, locales, user token, its signature."""
        v = self._v
        v.skip_string()
        v.skip_string()
        for _ in range(v.length(8)):
            v.skip_string()
            v.skip_string()
        v.skip_strings()
        size = v.extension()
        kind = v.identifier if v.namespace == 0 else -1
        if size:
            v.skip_string()  # policy id
        elif kind != _ANONYMOUS and kind != 0:
            kind = -1
        token, user = self._user(m, i, kind)
        code = self._user_code(user)
        out.set_user(row, code)
        out.notes[out.operation_of(row)] = (token, user, code, state.about.pop("asking", None))

    def _user(self, m: Any, i: int, kind: int) -> tuple[str | None, str | None]:
        """Kind of user token and whom it names; a secret that nothing encrypts becomes a credential."""
        v = self._v
        if kind == _ANONYMOUS or kind == 0:
            return "anonymous", None
        if kind == _USERNAME:
            user, secret = v.string(), v.octets()
            if not v.string():
                self._facts.credential(m, i, "opcua", "user-password", user, secret or b"")
            self._facts.clue(m, i, self._facts.sender(m, i), "user", user or "", "opcua", 0.8)
            return "username", user
        if kind == _X509:
            found = read_certificate(v.octets() or b"")
            return "certificate", None if found is None else str(found["subject"])
        if kind == _ISSUED:
            secret = v.octets()
            if not v.string():
                self._facts.credential(m, i, "opcua", "issued-token", None, secret or b"")
            return "issued", None
        return None, None

    def _user_code(self, user: str | None) -> int:
        """Code (pool `names`) of a user's name, -1 for none."""
        if not user or (user not in self._users and len(self._users) >= MAX_USER_NAMES):
            return -1
        self._users.add(user)
        return int(self._v.names.code(user))

    def answer_activate(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """ActivateSession: the session now is the user's; nonce, results and diagnostics follow."""
        note = out.notes.pop(out.operation_of(row), None)
        if note is None:
            return
        token, user, code, session = note
        if session is not None:
            if len(state.users) >= MAX_USERS:
                state.users.clear()
            state.users[session] = code
        self._row(m, i, state, "session", token, user)

    def answer_close(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """CloseSession: nobody is logged in on it any more."""
        session = out.notes.pop(out.operation_of(row), None)
        state.users.pop(session, None)

    def ask_cancel(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """Cancel: request handle 4."""
        out.set_object(row, self._v.objects.code(f"request-handle:{self._c.u32le()}"), 1)

    def ask_register(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """RegisterServer: server URI, product URI, names, type 4, gateway, URLs; the server speaks of itself."""
        v = self._v
        application: Application = {"uri": v.string() or "", "product_uri": v.string() or ""}
        names = [v.localized_text() for _ in range(v.length(1))]
        application["name"] = names[0] if names else ""
        out.set_object(row, v.objects.code(str(application["uri"])), 1)
        self._identity.tell(m, i, self._facts.sender(m, i), application)

    def answer_servers(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """FindServers: application descriptions; only a single one is surely the machine that answers."""
        count = self._v.length(28)
        who = self._facts.sender(m, i)
        for _ in range(count):
            found = self._identity.application()
            if count == 1:
                self._identity.tell(m, i, who, found)

    def answer_endpoints(self, m: Any, i: int, out: Any, row: int, state: Channel) -> None:
        """GetEndpoints: what the server offers."""
        self._endpoints(m, i)

    def _endpoints(self, m: Any, i: int) -> None:
        for k in range(self._v.length(60)):
            row, server = self._endpoint()
            if k >= MAX_ENDPOINTS:
                continue
            who = self._facts.sender(m, i)
            self._identity.tell(m, i, who, server)
            self._identity.name(m, i, who, str(row["endpoint_url"] or ""), 0.6)
            said = (m.source[i], who, *row.values())
            if said in self._said:
                continue
            if len(self._said) >= MAX_SAID:
                self._said.clear()
            self._said.add(said)
            self._facts.detail("opcua_endpoints", m, i, row)

    def _endpoint(self) -> tuple[dict[str, Any], Application]:
        """Read an EndpointDescription."""
        v, c = self._v, self._c
        row: dict[str, Any] = {"endpoint_url": v.string()}
        server = self._identity.application()
        row["application_name"] = server["name"] or None
        row["application_uri"] = server["uri"] or None
        row["product_uri"] = server["product_uri"] or None
        row["application_type"] = _word(APPLICATION_TYPES, int(server["type"]))
        found = read_certificate(v.octets() or b"") or {}
        row.update({f"server_certificate_{name}": value for name, value in found.items()})
        row["mode"] = _word(MODES, c.u32le())
        row["policy"] = policy_of(v.string())
        row["tokens"], clear = self._tokens(str(row["policy"]))
        row["clear_password"] = clear and row["mode"] != "SignAndEncrypt"
        row["transport"] = (v.string() or "").removeprefix(_TRANSPORT_PREFIX) or None
        row["security_level"] = c.u8()
        return row, server

    def _tokens(self, policy: str) -> tuple[str | None, bool]:
        """User token policies: id, type 4, issued type, issuer, security policy; empty: the endpoint's own."""
        v = self._v
        words: list[str] = []
        clear = False
        for _ in range(self._v.length(20)):
            v.skip_string()
            kind = v.cursor.u32le()
            v.skip_string()
            v.skip_string()
            own = policy_of(v.string()) or policy
            word = _word(TOKENS, kind)
            clear |= word == "username" and own == "None"
            if word is not None and word not in words:
                words.append(word)
        return ",".join(words) or None, clear


def _word(words: tuple[str | None, ...], index: int) -> str | None:
    return words[index] if 0 <= index < len(words) else None
