"""HTTP/1.0 and 1.1: who asks whom for what, with which program, and with which password in clear.

    request-line CRLF *( field CRLF ) CRLF body        status-line CRLF *( field CRLF ) CRLF body

Only heads are read, the first octets of WinRM's requests (`winrm`), forms that carry logins (`forms`), and bodies that
carry files (`bodies`); answers belong to requests in order.
Source: RFC 9110, RFC 9112, RFC 7617 (Basic), RFC 7616 (Digest), RFC 4559 (Negotiate).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque

from interlock.decode.decoder import Decoder
from interlock.decode.logins import Names, begin, end
from interlock.decode.protocols.http.agents import system_of
from interlock.decode.protocols.http.bodies import brings_file, fetches_file, gives_file, name_of
from interlock.decode.protocols.http.forms import form_login, form_octets, outcome_of, query_login
from interlock.decode.protocols.http.framing import REQUEST_LINE, STATUS_LINE, HttpFramer
from interlock.decode.protocols.http.receiving import Receiving
from interlock.decode.protocols.http.winrm import is_wsman, negotiated, read_action
from interlock.decode.protocols.smb.logon import say_challenge, say_login
from interlock.decode.spec import NEED_MORE, ProtocolSpec

__all__ = ["SPEC", "Http"]

NO_NUMBER = -2147483648
REFUSED = 2
MAX_WAITING = 256
MAX_FIELDS = 128
MAX_OBJECT = 512
NTLM = object()
"""In place of a login's row: no secret was seen, but the answer tells whether the account was let in."""
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})[ \t]*:[ \t]*([^\r\n]*)")
_WANTED = frozenset(
    {
        *("host", "server", "user-agent", "authorization", "www-authenticate", "content-length"),
        *("sec-websocket-protocol", "set-cookie", "location"),
    }
)
_HOST = re.compile(r"[\w.:\[\]-]{1,255}")
_DIGEST_USER = re.compile(r'username\*?="?([^",]{1,128})', re.IGNORECASE)
_REALM = re.compile(r'realm="([^"]{1,200})"', re.IGNORECASE)


class _Exchange:
    """What a flow has open: requests not answered yet, oldest first, and their number.

    bodies: per side, a Body under way. brought: files that wait for the answer to their request, by its number.
    forms: account and login of a form that waits for its answer, by its request's number.
    user: whom NTLM let in; it authenticates the connection, not each request (RFC 4559 clause 6).
    """

    __slots__ = ("asked", "bodies", "brought", "forms", "user", "waiting")

    def __init__(self):
        self.bodies = [None, None]
        self.brought = []
        self.forms = {}
        self.user = None
        self.asked = 0
        self.waiting = deque(maxlen=MAX_WAITING)


class Http(Decoder):
    """Heads of requests and answers."""

    def __init__(self, spec, tools):
        Decoder.__init__(self, spec, tools)
        self.methods = {name: number for number, (name, _) in tools.verb_rows("http").items()}
        self.accounts = Names(self.names)
        self.others = Names(self.names)
        self.winrm = None
        self.receiving = Receiving(self)

    def message(self, m, i, out):
        """See Decoder.message."""
        octets = self.cursor.rest()
        exchange = self.flows.state[m.flow[i]]
        body = None if exchange is None else exchange.bodies[m.side[i]]
        if body is not None and self.receiving.take(m, i, exchange, body, octets):
            return
        head = octets.lstrip(b"\r\n")
        asked = REQUEST_LINE.match(head)
        if asked is not None:
            self._request(m, i, out, head, asked)
            return
        status = STATUS_LINE.match(head)
        if status is not None:
            self._answer(m, i, out, head, status)

    def _exchange(self, slot):
        kept = self.flows.state[slot]
        if kept is None:
            kept = self.flows.state[slot] = _Exchange()
        return kept

    def _request(self, m, i, out, head, line):
        slot = m.flow[i]
        if m.direction[i]:
            self.flows.orient(slot, m.side[i])
            m.direction[i] = 0
        exchange, method = self._exchange(slot), line[1].decode("ascii")
        function = self.methods.get(method, NO_NUMBER)
        exchange.asked += 1
        row = out.ask(m, i, self.f, function, exchange.asked)
        if function == NO_NUMBER:
            out.set_name(row, self.others.code(method))
        fields = self._fields(m, i, head, line.end())
        out.set_object(row, self.objects.code(_target(line[2], fields.get("host", ""))), 1)
        user, login = self._login(m, i, fields.get("authorization", ""))
        if user or exchange.user:
            out.set_user(row, self.accounts.code(user or exchange.user))
        if is_wsman(line[2]) and method == "POST":
            self.flows.protocol[slot] = self.tools.codes["winrm"]
            self._manage(out, row, head[line.end() :])
        self._form(m, i, out, row, exchange, head, line)
        exchange.waiting.append((exchange.asked, function, method, user, login, line[2]))
        passed = is_wsman(line[2]) or form_octets(line[1], head)
        if not passed and brings_file(line[1], line[2], head):
            name = name_of(line[2], b"")
            told = {"user": user or exchange.user, "operation": out.operation_of(row)}
            self.receiving.begin(m, i, exchange, head, (name, "written"), told)
        self._agent(m, i, fields.get("user-agent", ""))

    def _answer(self, m, i, out, head, line):
        slot = m.flow[i]
        if not m.direction[i]:
            self.flows.orient(slot, 1 - m.side[i])
            m.direction[i] = 1
        code = int(line[2])
        fields = self._fields(m, i, head, line.end())
        self._server(m, i, fields)
        if 100 <= code < 200 and code != 101:
            return
        exchange = self._exchange(slot)
        key, function, method, user, login, target = (
            exchange.waiting.popleft() if exchange.waiting else (0, NO_NUMBER, "", None, None, b"")
        )
        row = out.answer(m, i, key) if key else -1
        if row < 0:
            row = out.orphan(m, i, self.f, function, key)
            if function == NO_NUMBER:
                out.set_name(row, self.others.code(method))
        if code >= 400:
            out.settle(row, REFUSED, code)
        if key in exchange.forms:
            self._formed(m, i, *exchange.forms.pop(key), outcome_of(code, fields))
        if exchange.brought:
            self.receiving.answered(m, i, exchange, key, refused=code >= 400)
        if target and method != "HEAD" and gives_file(fetches_file(method.encode("ascii"), target), head):
            told = {"user": user or exchange.user, "operation": out.operation_of(row)}
            self.receiving.begin(m, i, exchange, head, (name_of(target, head), "read"), told)
        say_challenge(self.facts, m, i, negotiated(fields.get("www-authenticate", "")), "http")
        if user and code < 400 and login is NTLM:
            exchange.user, login = user, None
        elif login is NTLM:
            login = None
        if user and code < 400:
            self.facts.clue(m, i, self.facts.receiver(m, i), "user", user, "http", 0.8)
        if code == 101 and fields.get("sec-websocket-protocol", "").lower().startswith("mqtt"):
            # What follows is masked: the server's service is named, no more (MQTT 5.0, 6).
            service = f"mqtt/{self.flows.server_port(slot)}"
            self.facts.clue(m, i, self.facts.sender(m, i), "service", service, "http", 0.9)
        if login is not None and code < 500:
            end(self.facts, login, "refused" if code in (401, 403, 407) else "ok")

    def _fields(self, m, i, head, at):
        """The few header fields that are wanted, each by its first line (RFC 9110 5)."""
        found = {}
        for number, line in enumerate(head[at:].split(b"\n")):
            if number >= MAX_FIELDS:
                self.facts.oddity(m, i, "http", "too-many-fields", at)
                break
            if not line.strip():
                break
            field = _FIELD.match(line)
            if field is None:
                if line[:1] not in (b" ", b"\t"):
                    self.facts.oddity(m, i, "http", "field-malformed", at)
                continue
            name = field[1].decode("ascii").lower()
            if name in _WANTED:
                if name == "content-length" and name in found:
                    self.facts.oddity(m, i, "http", "content-length-twice", at)
                found.setdefault(name, _text(field[2]))
        return found

    def _login(self, m, i, authorization):
        """User and login row of an Authorization field: Basic shows both, Digest the user only."""
        scheme, _, rest = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(rest.strip(), validate=True)
            except (binascii.Error, ValueError):
                self.facts.oddity(m, i, "http", "basic-malformed", 0)
                return None, None
            name, colon, secret = pair.partition(b":")
            if not colon:
                self.facts.oddity(m, i, "http", "basic-malformed", 0)
                return None, None
            user = _text(name)[:128]
            return user, begin(self.facts, m, i, "http", "basic", user, secret)
        if scheme.lower() == "digest":
            named = _DIGEST_USER.search(rest)
            if named is not None:
                return named[1], None
        found = say_login(self.facts, m, i, negotiated(authorization), "http")
        if found is not None and found.names.get("user"):
            return found.names["user"][:128], NTLM
        return None, None

    def _form(self, m, i, out, row, exchange, head, line):
        """A login in the body or the query of a request; its row waits for the answer."""
        pair = query_login(line[2])
        if pair is None and form_octets(line[1], head):
            above, _, body = head.partition(b"\r\n\r\n")
            pair = form_login(above, body)
        if pair is None:
            return
        user, secret = pair
        if user:
            out.set_user(row, self.accounts.code(user))
        exchange.forms[exchange.asked] = (user, begin(self.facts, m, i, "http", "form", user, secret))
        if len(exchange.forms) > MAX_WAITING:
            exchange.forms.pop(next(iter(exchange.forms)))

    def _formed(self, m, i, user, login, outcome):
        end(self.facts, login, outcome)
        if user and outcome == "ok":
            self.facts.clue(m, i, self.facts.receiver(m, i), "user", user, "http", 0.7)

    def _manage(self, out, row, rest):
        """A request of WS-Management is one of WinRM's, by its action."""
        if self.winrm is None:
            self.winrm = self.tools.functions("winrm")
        body = rest.partition(b"\r\n\r\n")[2]
        action = read_action(body)
        out.set_function(row, self.winrm, NO_NUMBER if action.function is None else action.function)
        if action.function is None and action.name:
            out.set_name(row, self.others.code(action.name))
        if action.about:
            out.set_object(row, self.objects.code(action.about[:MAX_OBJECT]), 1)

    def _agent(self, m, i, agent):
        if agent:
            who = self.facts.sender(m, i)
            self.facts.clue(m, i, who, "software", agent[:200], "http", 0.6)
            self.facts.clue(m, i, who, "os", system_of(agent), "http", 0.4)

    def _server(self, m, i, fields):
        who = self.facts.sender(m, i)
        self.facts.clue(m, i, who, "service", f"http/{self.flows.server_port(m.flow[i])}", "http", 0.95)
        server = fields.get("server")
        if server:
            self.facts.clue(m, i, who, "software", server[:200], "http", 0.7)
            self.facts.clue(m, i, who, "os", system_of(server), "http", 0.4)
        realm = _REALM.search(fields.get("www-authenticate", ""))
        if realm is not None:
            self.facts.clue(m, i, who, "description", realm[1], "http", 0.5)


def _text(octets):
    return octets.decode("utf-8", "backslashreplace").strip()


def _target(target, host):
    """Host and path of a request target; of a query only the names, since values may be secret (RFC 9112 3.2)."""
    text = target.decode("utf-8", "backslashreplace")
    scheme, _, rest = text.partition("://")
    if rest and scheme.isalpha():
        host, slash, path = rest.partition("/")
        text = slash + path
        host = host.rpartition("@")[2]
    elif not _HOST.fullmatch(host):
        host = ""
    path, question, query = text.partition("?")
    names = "&".join(part.partition("=")[0] for part in query.split("&")[:16]) if "=" in query else ""
    return (host + path + (question + names if names else ""))[:MAX_OBJECT]


def _probe(octets, hint):
    """A request or status line of version 1.x."""
    if hint.transport != "tcp" or not octets:
        return 0
    if octets[:5] == b"HTTP/"[: len(octets)]:
        if STATUS_LINE.match(octets) is not None and octets[5:7] == b"1.":
            return 95
        return NEED_MORE if len(octets) < 64 and b"\n" not in octets else 0
    line = REQUEST_LINE.match(octets)
    if line is not None:
        return 95 if (line[3] in (b"1.0", b"1.1") and line[2][:1] in b"/*h") or line[1] == b"CONNECT" else 65
    return _unended(octets)


def _unended(octets):
    """A request line that has not ended yet: a known method and the beginning of a target."""
    method, space, target = octets.partition(b" ")
    if b"\n" in octets:
        return 0
    if not space:
        return NEED_MORE if len(method) < 12 and method in _BEGINNINGS else 0
    if method not in _METHODS or (target and target[:1] not in (b"/", b"*", b"h")):
        return 0
    if not target:
        return NEED_MORE
    return 80 if len(octets) >= 512 and target.isascii() else NEED_MORE


_METHODS = frozenset(
    (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PATCH", b"PROPFIND", b"SUBSCRIBE")
)
_BEGINNINGS = frozenset(method[:k] for method in _METHODS for k in range(1, len(method) + 1))

SPEC = ProtocolSpec(
    name="http",
    names=("http", "winrm"),
    probe=_probe,
    decoder=Http,
    tcp=frozenset({80, 81, 591, 3128, 8000, 8008, 8080, 8081, 8088, 8888, 5985}),
    framer=HttpFramer,
    timeout_ns=60_000_000_000,
    headless=True,
)
