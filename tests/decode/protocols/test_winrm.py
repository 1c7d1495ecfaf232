"""WinRM: actions, commands, accounts with their outcome; octets written after MS-WSMV clause 4."""

from __future__ import annotations

import pytest

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere
from decode.protocols.smb_octets import ntlm_authenticate, ntlm_challenge
from decode.protocols.winrm_octets import EVENTS, SEALED, SERVICE, SHELL, answer, envelope, post, request
from interlock.decode.protocols.http.winrm import read_action

LOGIN = [
    (CLIENT, post(b"", b"NTLMSSP\0\x01\0\0\0" + bytes(24))),
    (SERVER, answer(401, ntlm_challenge())),
    (CLIENT, post(envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"), ntlm_authenticate())),
    (SERVER, answer(200)),
]
TALK = [
    *LOGIN,
    (
        CLIENT,
        post(envelope(f"{SHELL}/Command", body="<rsp:CommandLine><rsp:Command>cmd &amp; mix</rsp:Command>")),
    ),
    (SERVER, answer(200)),
    (CLIENT, post(envelope(f"{SHELL}/Receive"))),
    (SERVER, answer(500)),
    (
        CLIENT,
        post(envelope("http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Process/Create", "W")),
    ),
    (SERVER, answer(200)),
]


def told(rows: dict) -> list[tuple]:
    return [
        (r["protocol"], r["function_name"], r["verb"], r["object"], r["user"], r["outcome"])
        for r in rows["operations"]
    ]


def test_actions_and_who_asks_for_them() -> None:
    shell = f"{SHELL}/cmd"
    rows = tcp(TALK, port=5985)
    assert [f["protocol"] for f in rows["flows"]] == ["winrm"]
    assert told(rows) == [
        ("winrm", None, "unknown", "plant-1:5985/wsman", None, "refused"),
        ("winrm", "transfer/Create (shell)", "open", shell, "joe", "ok"),
        ("winrm", "shell/Command", "start", "command:cmd & mix", "joe", "ok"),
        ("winrm", "shell/Receive", "read", shell, "joe", "refused"),
        ("winrm", "Win32_Process/Create", "unknown", "W", "joe", "ok"),
    ]


def test_names_are_clues_once_the_account_was_let_in() -> None:
    clues = {(r["who"], r["field"], r["value"]) for r in tcp(TALK, port=5985)["clues"]}
    assert {
        ("10.0.0.2", "name", "hist01.plant.example"),
        ("10.0.0.1", "name", "ENG07"),
        ("10.0.0.1", "user", "joe"),
    } <= clues
    refused = [*LOGIN[:3], (SERVER, answer(401))]
    rows = tcp(refused, port=5985)
    assert told(rows)[1][4:] == ("joe", "refused")
    assert not [r for r in rows["clues"] if r["field"] == "user"]


def test_what_is_sealed_is_said_to_be() -> None:
    rows = tcp([*LOGIN, (CLIENT, post(SEALED)), (SERVER, answer(200))], port=5985)
    assert told(rows)[2] == ("winrm", "sealed request", "unknown", "plant-1:5985/wsman", "joe", "ok")


CMD = f"{SHELL}/cmd"


@pytest.mark.parametrize(
    ("function", "name", "verb", "about"),
    [
        (1, "sealed request", "unknown", "plant-1:5985/wsman"),
        (2, "transfer/Get", "read", SERVICE),
        (3, "transfer/Put", "configure", SERVICE),
        (4, "transfer/Create", "configure", "http://schemas.microsoft.com/wbem/wsman/1/config/listener"),
        (5, "transfer/Delete", "close", CMD),
        (6, "enumeration/Enumerate", "read", SERVICE),
        (7, "enumeration/Pull", "read", SERVICE),
        (8, "enumeration/Release", "close", SERVICE),
        (9, "eventing/Subscribe", "subscribe", EVENTS),
        (10, "eventing/Unsubscribe", "close", EVENTS),
        (11, "eventing/Renew", "subscribe", EVENTS),
        (12, "shell/Command", "start", "command:ipconfig"),
        (13, "shell/Send", "write", CMD),
        (14, "shell/Receive", "read", CMD),
        (15, "shell/Signal", "stop", CMD),
        (16, "shell/Connect", "open", CMD),
        (17, "shell/Disconnect", "close", CMD),
        (18, "shell/Reconnect", "open", CMD),
        (19, "Identify", "identify", "plant-1:5985/wsman"),
        (20, "transfer/Create (shell)", "open", CMD),
    ],
)
def test_every_action_is_told(function: int, name: str, verb: str, about: str) -> None:
    talk = [
        (CLIENT, request(function)),
        (SERVER, answer(200)),
        (CLIENT, request(function)),
        (SERVER, answer(500)),
    ]
    rows = tcp(talk, port=5985)
    assert told(rows) == [("winrm", name, verb, about, None, end) for end in ("ok", "refused")]
    assert [(r["function"], r["code"]) for r in rows["operations"]] == [(function, None), (function, 500)]
    assert rows["oddities"] == []


def test_other_paths_are_http() -> None:
    octets = post(envelope(f"{SHELL}/Command")).replace(b"/wsman ", b"/other ")
    assert told(tcp([(CLIENT, octets), (SERVER, answer(200))], port=5985))[0][:2] == ("http", "POST")


def test_long_bodies_are_passed_over() -> None:
    long = envelope(f"{SHELL}/Send", body="x" * 30000)
    cut = [post(long)[at : at + 1400] for at in range(0, len(post(long)), 1400)]
    rows = tcp([*((CLIENT, part) for part in cut), (SERVER, answer(200)), *TALK[-2:]], port=5985)
    assert [name for _, name, *_ in told(rows)] == ["shell/Send", "Win32_Process/Create"]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=5985))
    for at, split in cut_anywhere(TALK, port=5985, step=31):
        assert split == whole, at


@pytest.mark.parametrize("body", [b"<" * 8192, b"<Action " * 1000, b"<a:Action>" * 800, bytes(8192), b""])
def test_hostile_bodies_end(body: bytes) -> None:
    assert read_action(body).about == ""
