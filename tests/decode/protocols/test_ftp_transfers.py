"""FTP's data connections, found by what the control connection says of them."""

from __future__ import annotations

import pytest

from decode.feed import ACK, CLIENT, PSH, SERVER, Tcp, run
from interlock.decode.protocols.ftp.transfers import endpoint_of, said_octets

CONTROL = [
    (SERVER, b"220 ready\r\n"),
    (CLIENT, b"USER plc\r\n"),
    (SERVER, b"230 in\r\n"),
]


def played(control: list[tuple[int, bytes]], data: Tcp, octets: bytes, *, batch: int = 0) -> dict:
    """The data connection goes between the interim reply and the final one."""
    talk = Tcp(21)
    talk.open()
    for side, line in [*CONTROL, *control]:
        talk.segment(side, line)
    first = [*talk.frames]
    data.open()
    data.segment(CLIENT, octets, ACK | PSH)
    talk.segment(SERVER, b"226 Transfer complete\r\n")
    return run([*first, *data.frames, talk.frames[-1]], batch=batch)


@pytest.mark.parametrize("batch", [0, 1, 5])
@pytest.mark.parametrize(
    "listens",
    [
        [(CLIENT, b"PASV\r\n"), (SERVER, b"227 Entering Passive Mode (10,0,0,2,195,149)\r\n")],
        [(CLIENT, b"EPSV\r\n"), (SERVER, b"229 Extended Passive Mode (|||50069|)\r\n")],
    ],
)
def test_the_flow_of_a_passive_transfer_is_named(listens: list[tuple[int, bytes]], batch: int) -> None:
    command = [
        (CLIENT, b"STOR line3.bin\r\n"),
        (SERVER, b"150 Opening BINARY mode for line3.bin (9 bytes)\r\n"),
    ]
    rows = played([*listens, *command], Tcp(50069, 40001), b"\x01firmware", batch=batch)
    (transfer,) = rows["ftp_transfers"]
    wanted = ("STOR", "line3.bin", "plc", True, "10.0.0.2", 50069, 9, "ok", 226)
    columns = ("command", "name", "user", "passive", "data_address", "data_port", "octets", "outcome", "code")
    assert tuple(transfer[c] for c in columns) == wanted
    (flow,) = [f for f in rows["flows"] if f["flow"] == transfer["data_flow"]]
    assert (flow["protocol"], flow["basis"], flow["server_port"]) == ("ftp-data", "parsed", 50069)
    assert rows["oddities"] == []


class Called(Tcp):
    """A connection that the control connection's server opens."""

    def segment(self, side: int, payload: bytes = b"", flags: int = ACK | PSH) -> None:
        super().segment(1 - side, payload, flags)


def test_the_flow_of_an_active_transfer_is_named() -> None:
    asked = [(CLIENT, b"PORT 10,0,0,1,156,65\r\n"), (SERVER, b"200 ok\r\n"), (CLIENT, b"RETR a.bin\r\n")]
    data = Called(20, 40001)
    rows = played([*asked, (SERVER, b"150 Opening\r\n")], data, b"\x01octets")
    (transfer,) = rows["ftp_transfers"]
    assert (transfer["passive"], transfer["data_port"], transfer["octets"]) == (False, 40001, None)
    (flow,) = [f for f in rows["flows"] if f["flow"] == transfer["data_flow"]]
    assert flow["protocol"] == "ftp-data"


def test_a_transfer_that_is_refused_has_no_flow() -> None:
    talk = Tcp(21)
    talk.open()
    for side, line in [*CONTROL, (CLIENT, b"RETR gone\r\n"), (SERVER, b"550 No such file\r\n")]:
        talk.segment(side, line)
    (transfer,) = run(talk.frames)["ftp_transfers"]
    assert (transfer["outcome"], transfer["code"], transfer["data_flow"]) == ("refused", 550, None)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("10,0,0,1,4,1", ("10.0.0.1", 1025)),
        ("|1|192.0.2.9|5000|", ("192.0.2.9", 5000)),
        ("|2|2001:db8::1|5000|", ("2001:db8::1", 5000)),
        ("229 ok (|||6446|)", ("peer", 6446)),
        ("10,0,0,999,4,1", None),
        ("|||0|", None),
        ("", None),
    ],
)
def test_where_data_go(words: str, found: tuple[str, int] | None) -> None:
    assert endpoint_of(words, "peer") == found


def test_sizes_in_replies() -> None:
    assert said_octets("150 Opening BINARY mode data connection for a (17 bytes).") == 17
    assert said_octets("150 Opening (a)") is None
