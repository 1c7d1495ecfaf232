"""A workbench says hello to a station, logs in, asks and opens a circuit; a login that is rejected."""

from __future__ import annotations

from decode.seeds import Message, Seed


def frame(kind: str, sequence: int, reply: int, what: str, *tuples: bytes) -> bytes:
    head = f"fox {kind} {sequence} {reply} {what}\n".encode()
    return head + b"{\n" + b"".join(line + b"\n" for line in tuples) + b"};;\n"


def blob(name: str, octets: bytes, encoding: str = "") -> bytes:
    kind = "o" if encoding else "b"
    return f"{name}={kind}:{encoding + ' ' if encoding else ''}{len(octets)}[".encode() + octets + b"]"


HELLO = frame(
    "a", 1, -1, "fox hello", b"fox.version=s:1.0.2", b"id=i:1", b"hostName=s:eng#2d;pc", b"hostAddress=s:192.0.2.7",
    b"app.name=s:Workbench", b"app.version=s:4.10.1", b"os.name=s:Windows 10", b"os.version=s:10.0",
    b"hostId=s:Win-1111-2222", b"brandId=s:vykon",
)  # fmt: skip
STATION = frame(
    "a", 0, -1, "fox hello", b"fox.version=s:1.0.2", b"hostName=s:192.0.2.9", b"hostAddress=s:192.0.2.9",
    b"app.name=s:Station", b"app.version=s:4.10.1", b"os.name=s:QNX", b"os.version=s:6.5.0",
    b"station.name=s:Boiler_House", blob("sysInfo", b"<bog>\n};;\nfox a\n</bog>", "bog"),
)  # fmt: skip
USERNAME = frame("a", 2, -1, "fox username", b"username=s:operator")
CHALLENGE = frame("a", 1, -1, "fox challenge", b"method=s:digest", blob("nonce", bytes(range(16))))
OPEN = frame(
    "a",
    5,
    -1,
    "circuit open",
    b"id=i:1",
    b"channel=s:file",
    b"command=s:get",
    b"metadata=m:{",
    b"x=i:1",
    b"}",
)

TALK: tuple[Message, ...] = (
    (0, HELLO),
    (1, STATION),
    (0, USERNAME),
    (1, CHALLENGE),
    (0, frame("a", 3, -1, "fox authMessage1", b"authInput=s:authInputScram")),
    (1, frame("a", 2, -1, "fox authMessage1", b"authHandshake1=s:r=abc")),
    (0, frame("a", 4, -1, "fox authMessage2", b"authHandshake2=s:c=biws")),
    (1, frame("a", 3, -1, "fox welcome")),
    (0, OPEN),
    (0, frame("a", 6, -1, "circuit stream", b"id=i:1", blob("data", b"\n};;\n" * 3))),
    (0, frame("s", 7, 1, "sys getInfo")),
    (1, frame("r", 4, 1, "sys getInfo", b"ok=z:t")),
    (0, frame("s", 8, 2, "sys setInfo")),
    (1, frame("e", 5, 2, "sys setInfo", b"reason=s:denied")),
    (0, frame("k", -1, -1, "fox keepalive")),
    (0, frame("c", 9, -1, "fox close")),
)
REFUSED: tuple[Message, ...] = (
    (0, HELLO),
    (1, STATION),
    (0, frame("a", 2, -1, "fox login", b"username=s:admin", b"password=s:admin")),
    (1, frame("a", 1, -1, "fox rejected", b"authfail_reason=s:User Lockout")),
)

SEEDS = (
    Seed(name="session", transport="tcp", port=1911, messages=TALK,
         no_join="who logged in is told once, before requests that carry no name"),
    Seed(name="refused", transport="tcp", port=1911, messages=REFUSED),
)  # fmt: skip
