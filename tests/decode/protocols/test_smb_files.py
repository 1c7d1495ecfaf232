"""What is done to files on a share, who does it and how it ends; compared with tshark where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decode.feed import CLIENT, SERVER, Tcp, tcp
from decode.protocols.cutting import bare, cut_anywhere
from decode.protocols.second_reader import tshark_fields
from decode.protocols.smb_octets import (
    CREATE_IT,
    DELETE_ON_CLOSE,
    FILE,
    LOGON_FAILURE,
    MORE,
    agreed,
    close,
    create,
    created,
    empty,
    framed,
    ioctl,
    negotiate,
    ntlm_authenticate,
    ntlm_challenge,
    query_directory,
    query_info,
    read_of,
    renamed,
    sealed,
    set_info,
    setup,
    smb2,
    tree_connect,
    tree_connected,
    was_closed,
    was_read,
    was_set_up,
    was_written,
    write_of,
)

if TYPE_CHECKING:
    from pathlib import Path

Talk = list[tuple[int, bytes]]
ANY = b"\xff" * 16
SHARE = "\\\\hist01\\recipes"
ERROR = b"\x09\0\0\0\0\0\0\0\0"


def told(rows: dict) -> list[tuple]:
    return [(r["function"], r["verb"], r["object"], r["outcome"]) for r in rows["operations"]]


def logged_on(user: str = "joe") -> Talk:
    """A session of SMB 3.0.2 with a share."""
    return [
        (CLIENT, framed(smb2(0, 0, negotiate(0x0302), session=0, tree=0))),
        (SERVER, framed(smb2(0, 0, agreed(0x0302, capabilities=0x40), answer=True, session=0, tree=0))),
        (CLIENT, framed(smb2(1, 1, setup(b"NTLMSSP\0\x01\0\0\0" + bytes(24)), session=0, tree=0))),
        (SERVER, framed(smb2(1, 1, was_set_up(ntlm_challenge()), answer=True, status=MORE, tree=0))),
        (CLIENT, framed(smb2(1, 2, setup(ntlm_authenticate(user)), tree=0))),
        (SERVER, framed(smb2(1, 2, was_set_up(), answer=True, tree=0))),
        (CLIENT, framed(smb2(3, 3, tree_connect(SHARE), tree=0))),
        (SERVER, framed(smb2(3, 3, tree_connected(), answer=True))),
    ]


def exchange(number: int, command: int, ask: bytes, answer: bytes, status: int = 0) -> Talk:
    return [
        (CLIENT, framed(smb2(command, number, ask))),
        (SERVER, framed(smb2(command, number, answer, answer=True, status=status))),
    ]


UPLOAD = [
    *logged_on(),
    *exchange(4, 5, create("line3\\mix.txt", CREATE_IT), created(action=2)),
    *exchange(5, 9, write_of(FILE, b"flour 4"), was_written(7)),
    *exchange(6, 17, set_info(FILE, 0x10A, renamed("line3\\mix.old")), b"\x02\0"),
    *exchange(7, 17, set_info(FILE, 0x10D, b"\x01"), b"\x02\0"),
    *exchange(8, 6, close(), was_closed()),
    *exchange(9, 5, create("line3\\old.txt", options=DELETE_ON_CLOSE), created()),
    *exchange(10, 14, query_directory(FILE, "*.rcp"), ERROR, 0x80000006),
    *exchange(11, 16, query_info(FILE, 0x112), ERROR, 0xC0000022),
    *exchange(12, 11, ioctl(FILE, 0x001440F2, bytes(32)), ERROR, 0xC0000022),
    *exchange(13, 8, read_of(FILE), was_read(b"flour 4")),
    *exchange(14, 2, empty(), empty()),
]


def test_a_file_is_made_renamed_and_deleted() -> None:
    mix, old = SHARE + "\\line3\\mix.txt", SHARE + "\\line3\\old.txt"
    assert told(tcp(UPLOAD, port=445))[4:] == [
        (5, "file-write", mix, "ok"),
        (9, "file-write", mix, "ok"),
        (17, "file-write", mix, "ok"),
        (17, "file-write", SHARE + "\\line3\\mix.old", "ok"),
        (17, "file-write", mix, "ok"),
        (6, "close", mix, "ok"),
        (5, "file-write", old, "ok"),
        (14, "read", old + "\\*.rcp", "ok"),
        (16, "read", old, "refused"),
        (11, "file-write", old, "refused"),
        (8, "file-read", old, "ok"),
        (2, "close", SHARE, "ok"),
    ]


def test_names_of_what_the_number_does_not_tell() -> None:
    names = [r["function_name"] for r in tcp(UPLOAD, port=445)["operations"]]
    assert names[6] == "SMB2 SET_INFO (FileRenameInformation)"
    assert names[8] == "SMB2 SET_INFO (FileDispositionInformation)"
    assert names[10] == "SMB2 CREATE (FILE_DELETE_ON_CLOSE)"
    assert names[12:14] == ["SMB2 QUERY_INFO (FileAllInformation)", "SMB2 IOCTL (FSCTL_SRV_COPYCHUNK)"]


def test_everybody_is_named_until_logoff() -> None:
    rows = tcp(UPLOAD, port=445)["operations"]
    assert [r["user"] for r in rows] == [None, None, *["joe"] * (len(rows) - 2)]


def test_related_commands_speak_of_what_the_first_one_opens() -> None:
    chain = framed(
        smb2(5, 4, create("a.txt"), chained=True),
        smb2(16, 5, query_info(ANY, 0x112), chained=True, related=True),
        smb2(6, 6, close(ANY), related=True),
    )
    answers = framed(
        smb2(5, 4, created(), answer=True, chained=True),
        smb2(16, 5, ERROR, answer=True, related=True, status=0xC0000022, chained=True),
        smb2(6, 6, was_closed(), answer=True, related=True),
    )
    later = exchange(7, 9, write_of(FILE, b"x"), was_written(1))
    rows = tcp([*logged_on(), (CLIENT, chain), (SERVER, answers), *later], port=445)
    name = SHARE + "\\a.txt"
    assert told(rows)[4:] == [
        (5, "open", name, "ok"),
        (16, "read", name, "refused"),
        (6, "close", name, "ok"),
        (9, "file-write", None, "ok"),
    ]


def test_a_file_that_was_not_there_before_is_written() -> None:
    rows = tcp([*logged_on(), *exchange(4, 5, create("new.txt", 3), created(action=2))], port=445)
    assert told(rows)[-1] == (5, "file-write", SHARE + "\\new.txt", "ok")


def test_a_login_that_fails_is_no_account_of_the_machine() -> None:
    talk = logged_on("mallory")[:5]
    talk.append((SERVER, framed(smb2(1, 2, ERROR, answer=True, status=LOGON_FAILURE))))
    rows = tcp(talk, port=445)
    assert told(rows)[-1] == (1, "authenticate", None, "refused")
    assert rows["operations"][-1]["user"] == "mallory"
    assert not [r for r in rows["clues"] if r["field"] == "user"]
    events = [(r["event"], r["user"], r["code"]) for r in rows["smb_sessions"]]
    assert events == [("negotiated", None, None), ("refused", "mallory", LOGON_FAILURE - (1 << 32))]


def test_a_guest_is_no_account_of_the_machine() -> None:
    talk = [*logged_on()[:5], (SERVER, framed(smb2(1, 2, was_set_up(flags=1), answer=True)))]
    rows = tcp(talk, port=445)
    assert rows["smb_sessions"][-1]["rights"] == "guest"
    assert not [r for r in rows["clues"] if r["field"] == "user"]


def test_what_is_encrypted_is_said_once() -> None:
    hidden = [(CLIENT, framed(sealed(9, bytes(100)))), (SERVER, framed(sealed(9, bytes(90))))] * 3
    rows = tcp([*logged_on(), *hidden], port=445)
    assert len(rows["operations"]) == 4
    assert rows["oddities"] == []
    told_last = rows["smb_sessions"][-1]
    wanted = ("encrypted", 9, "AES-128-CCM", "joe", "PLANT")
    assert tuple(told_last[k] for k in ("event", "session", "encryption", "user", "domain")) == wanted
    assert [r["event"] for r in rows["smb_sessions"]] == ["negotiated", "logged-on", "encrypted"]


def test_a_cancel_waits_for_nothing_and_takes_no_answer() -> None:
    talk = [
        *logged_on(),
        *exchange(4, 5, create("a.txt"), created()),
        (CLIENT, framed(smb2(15, 5, b"\x20\0\0\0\0\0\1\0" + FILE + bytes(8)))),
        (CLIENT, framed(smb2(12, 5, empty()))),
        (SERVER, framed(smb2(15, 5, ERROR, answer=True, status=0xC0000120))),
    ]
    assert told(tcp(talk, port=445))[5:] == [
        (15, "subscribe", SHARE + "\\a.txt", "refused"),
        (12, "unknown", None, "unknown"),
    ]


def test_a_write_to_what_was_not_seen_opened_may_be_one_to_a_pipe() -> None:
    rows = tcp(exchange(4, 9, write_of(FILE, b"x"), was_written(1)), port=445)
    assert told(rows) == [(9, "unknown", None, "ok")]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(UPLOAD, port=445))
    for at, split in cut_anywhere(UPLOAD, port=445, step=23):
        assert split == whole, at


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    connection = Tcp(445)
    connection.open()
    for side, octets in UPLOAD:
        connection.segment(side, octets)
    fields = ("frame.number", "smb2.cmd", "smb2.flags.response", "smb2.filename", "smb2.nt_status", "smb2.tree",
              "smb2.acct", "_ws.malformed")  # fmt: skip
    seen = tshark_fields(connection.frames, fields, tmp_path)
    assert not [row for row in seen if row["_ws.malformed"]]
    asked = {row["frame.number"]: row for row in seen if row["smb2.flags.response"] == "0"}
    answered = {row["frame.number"]: row for row in seen if row["smb2.flags.response"] == "1"}
    rows = [r for r in tcp(UPLOAD, port=445)["operations"] if r["item"] == 0]
    assert [str(r["frame"]) for r in rows] == list(asked)
    for row in rows:
        other, its_answer = asked[str(row["frame"])], answered[str(row["response_frame"])]
        assert int(other["smb2.cmd"]) == row["function"]
        if row["function"] == 5:
            assert row["object"] == f"{SHARE}\\{other['smb2.filename']}"
        if row["user"]:
            assert its_answer["smb2.acct"] in ("", row["user"])
        if row["function"] == 3:
            assert other["smb2.tree"] == row["object"]
        status = int(its_answer["smb2.nt_status"], 16)
        assert row["code"] in (None, status - (1 << 32))
        assert (row["outcome"] == "refused") == (status == 0xC0000022)
