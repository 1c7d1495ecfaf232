"""SMTP, FTP, SSH and SMB as buffers, and files of transfers."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.buffers.test_tap import hello
from decode.feed import CLIENT, SERVER, tcp, udp
from interlock.decode.buffers.mime import files_of_mail
from interlock.records.buffers import BUFFERS, CHUNKED, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Sequence

CUT = frozenset(BUFFERS) - UNSEEN - {"packet", "stream"}
FILE = bytes(range(256)) * 3
MAIL = (
    b"From: a <a@x.example>\r\nTo: b@y.example\r\nSubject: one\r\n two\r\n"
    b'Content-Type: multipart/mixed;\r\n boundary="B"\r\n'
    b"\r\npreamble\r\n--B\r\nContent-Type: text/plain\r\n\r\nhello\r\n--B\r\n"
    b'Content-Type: application/octet-stream; name="x.exe"\r\nContent-Transfer-Encoding: base64\r\n'
    b'Content-Disposition: attachment; filename="run me.exe"\r\n\r\n'
    + base64.encodebytes(FILE).replace(b"\n", b"\r\n")
    + b"--B--\r\n"
)
SMTP = [
    (SERVER, b"220 mail.example ESMTP ready\r\n"),
    (CLIENT, b"EHLO plc.example\r\n"),
    (SERVER, b"250 ok\r\n"),
    (CLIENT, b"MAIL FROM:<a@x.example> SIZE=9\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<c@y.example>\r\nDATA\r\n"),
    (SERVER, b"354 go on\r\n"),
    (CLIENT, MAIL + b"..dotted\r\n.\r\n"),
    (SERVER, b"250 ok\r\n"),
    (CLIENT, b"MAIL FROM:<d@x.example>\r\nQUIT\r\n"),
]


def cut(rows: list[dict[str, Any]]) -> dict[tuple[str, int, str], list[bytes]]:
    found: dict[tuple[str, int, str], list[bytes]] = defaultdict(list)
    for row in rows:
        found[row["direction"], row["transaction"], row["buffer"]].append(row["octets"])
    return dict(found)


def talk(
    segments: Sequence[tuple[int, bytes]], port: int, **more: Any
) -> dict[tuple[str, int, str], list[bytes]]:
    return cut(tcp(segments, port=port, buffers=CUT, **more)["payloads"])


def test_a_mail_and_its_attachment() -> None:
    found = talk(SMTP, 25)
    mail = {
        name: octets for (way, number, name), octets in found.items() if (way, number) == ("to_server", 1)
    }
    assert mail["smtp.helo"] == [b"plc.example"]
    assert mail["smtp.mail_from"] == [b"a@x.example"]
    assert mail["smtp.rcpt_to"] == [b"b@y.example", b"c@y.example"]
    assert mail["email.from"] == [b"a <a@x.example>"]
    assert mail["email.subject"] == [b"one two"]
    assert mail["file.name"] == [b"run me.exe"]
    assert mail["file.data"] == [FILE]
    assert mail["file.sha256"] == [hashlib.sha256(FILE).hexdigest().encode()]
    assert found["to_server", 2, "smtp.mail_from"] == [b"d@x.example"]


def test_a_mail_in_chunks_is_the_same() -> None:
    half = len(MAIL) // 2
    sent = b"BDAT %d\r\n%sBDAT %d LAST\r\n%s" % (half, MAIL[:half], len(MAIL) - half, MAIL[half:])
    found = talk([*SMTP[:3], (CLIENT, b"MAIL FROM:<a@x.example>\r\n"), (CLIENT, sent)], 25)
    assert found["to_server", 1, "file.data"] == [FILE]


def test_what_follows_starttls_is_not_read() -> None:
    sealed = [(CLIENT, b"STARTTLS\r\n"), (SERVER, b"220 go\r\n"), (CLIENT, b"MAIL FROM:<z@x>\r\n.\r\n")]
    assert not any(name == "smtp.mail_from" for _, _, name in talk([*SMTP[:3], *sealed], 25))


@pytest.mark.parametrize("batch", [0, 1])
def test_behind_starttls_tls_is_read(batch: int) -> None:
    """The conversation stays SMTP's for rules, what TLS says is TLS's; text before the server's yes is none of both."""
    sealed = [*SMTP[:3], (CLIENT, b"STARTTLS\r\n"), (SERVER, b"220 go\r\n"), (CLIENT, hello(b"mail.example"))]
    rows = tcp(sealed, port=25, buffers=CUT | {"packet"}, batch=batch)["payloads"]
    said = {row["buffer"]: (row["protocol"], row["octets"]) for row in rows}
    assert said["tls.sni"] == ("tls", b"mail.example")
    assert said["smtp.helo"] == ("smtp", b"plc.example")
    assert {row["protocol"] for row in rows if row["buffer"] == "packet"} <= {"smtp", None}
    refused = [*sealed[:4], (SERVER, b"454 not now\r\n"), sealed[5]]
    assert not any(name == "tls.sni" for _, _, name in talk(refused, 25))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 120))
def test_a_mail_cut_anywhere_is_the_same(size: int) -> None:
    pieces = [(side, octets[i : i + size]) for side, octets in SMTP for i in range(0, len(octets), size)]
    assert talk(pieces, 25, batch=5) == talk(SMTP, 25)


@given(st.binary(max_size=400), st.binary(max_size=200))
def test_any_mail_is_taken_apart(head: bytes, body: bytes) -> None:
    prefix = b"Content-Type: multipart/mixed; boundary=B\r\n"
    for message in (head, prefix + head + b"\r\n\r\n--B\r\n" + body, prefix + b"\r\n--B\r\n" * 200 + body):
        assert len(list(files_of_mail(message, whole=True))) <= 64


def test_a_mail_within_a_mail_and_a_name_in_pieces() -> None:
    head = b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*0="abc"; filename*1=def.pdf\r\n'
    inner = b"Content-Type: multipart/mixed; boundary=Y\r\n\r\n--Y\r\n" + head + b"\r\nthe file\r\n--Y--\r\n"
    outer = b"Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\nContent-Type: message/rfc822\r\n"
    mail = outer + b"Content-Disposition: attachment; filename=m.eml\r\n\r\n" + inner + b"\r\n--X--\r\n"
    assert list(files_of_mail(mail, whole=True)) == [(b"abcdef.pdf", b"the file", True)]


@pytest.mark.parametrize(
    ("field", "plain"),
    [
        (b'Content-Disposition: attachment; filename="x.zip"', b"x.zip"),
        (b"Content-Type: application/zip; name=x.zip", b"x.zip"),
        (b'Content-Disposition: attachment; filename*0="x.";\r\n filename*1=zip', b"x.zip"),
        (b"Content-Disposition: attachment; filename*=utf-8''x.zip", None),
        (b"Content-Disposition: attachment; filename*0*=utf-8''x.;\r\n filename*1*=zip", None),
        (b"Content-Type: application/zip", None),
    ],
)
def test_what_is_a_file_of_a_mail_as_suricata_has_it(field: bytes, plain: bytes | None) -> None:
    """Held against Suricata 7.0.10: a part without a name is none, nor is one whose name is coded."""
    mail = b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
    mail += b"" if field.startswith(b"Content-Type") else b"Content-Type: application/zip\r\n"
    mail += field + b"\r\n\r\nPK\r\n--B--\r\n"
    named = [name for name, _, _ in files_of_mail(mail, whole=True, plain=True)]
    assert named == ([plain] if plain else [])
    assert len(list(files_of_mail(mail, whole=True))) == 1


def test_ftp_commands_and_replies() -> None:
    found = talk(
        [
            (SERVER, b"220 FTP here\r\n"),
            (CLIENT, b"USER anonymous\r\n"),
            (SERVER, b"331-More\r\n331 Password?\r\n"),
        ],
        21,
    )
    assert found["to_server", 1, "ftp.command"] == [b"USER"]
    assert found["to_server", 1, "ftp.command_data"] == [b"anonymous"]
    assert found["to_client", 1, "ftp.reply"] == [b"FTP here", b"More", b"Password?"]
    assert found["to_client", 1, "ftp.completion_code"] == [b"220", b"331", b"331"]


@pytest.mark.parametrize("begins", [b"USER plant", b"pass word", b"PORT 10,0,0,1,4,1", b"FEAT"])
def test_ftp_is_told_by_its_first_command_at_any_port(begins: bytes) -> None:
    said = [(SERVER, b"220 ready\r\n"), (CLIENT, begins + b"\r\n"), (SERVER, b"331 go on\r\n")]
    rows = tcp(said, port=4021, buffers=frozenset({"ftp.command"}))["payloads"]
    assert [row["octets"] for row in rows] == [begins.partition(b" ")[0]]
    said[1] = (CLIENT, b"LIST\r\n")
    assert not tcp(said, port=4021, buffers=frozenset({"ftp.command"})).get("payloads")


def _kexinit(*lists: bytes) -> bytes:
    names = [*lists, *[b""] * (10 - len(lists))]
    payload = b"\x14" + bytes(16) + b"".join(struct.pack(">I", len(n)) + n for n in names) + bytes(5)
    return struct.pack(">IB", len(payload) + 1 + 4, 4) + payload + bytes(4)


def test_ssh_names_and_fingerprints() -> None:
    lists = (b"kex", b"key", b"enc-c", b"enc-s", b"mac-c", b"mac-s", b"zip-c", b"zip-s")
    found = talk(
        [
            (SERVER, b"SSH-2.0-OpenSSH_9.2 note\r\n" + _kexinit(*lists)),
            (CLIENT, b"SSH-2.0-client\r\n" + _kexinit(*lists)),
        ],
        22,
    )
    assert found["to_client", 1, "ssh.proto"] == [b"2.0"]
    assert found["to_client", 1, "ssh.software"] == [b"OpenSSH_9.2"], "comments are no software"
    assert found["to_server", 1, "ssh.hassh.string"] == [b"kex;enc-c;mac-c;zip-c"]
    assert found["to_client", 1, "ssh.hassh.server.string"] == [b"kex;enc-s;mac-s;zip-s"]
    told = hashlib.md5(b"kex;enc-c;mac-c;zip-c", usedforsecurity=False).hexdigest().encode()
    assert found["to_server", 1, "ssh.hassh"] == [told]


def _smb2(command: int, body: bytes, *, number: int = 1, answer: bool = False, status: int = 0) -> bytes:
    head = (
        b"\xfeSMB"
        + struct.pack("<HHIHHIIQIIQ", 64, 0, status, command, 1, answer, 0, number, 0, 1, 0)
        + bytes(16)
    )
    return struct.pack(">I", len(head) + len(body)) + head + body


@pytest.mark.parametrize(
    ("path", "buffer"), [("\\\\plc\\C$", "smb.share"), ("\\\\plc\\IPC$", "smb.named_pipe")]
)
def test_trees_of_smb(path: str, buffer: str) -> None:
    text = path.encode("utf-16-le")
    found = talk([(CLIENT, _smb2(3, struct.pack("<HHHH", 9, 0, 72, len(text)) + text))], 445)
    assert found["to_server", 1, buffer] == [path.encode()]


def _smb1(command: int, words: bytes, data: bytes, flags: int = 0x18, status: int = 0) -> bytes:
    head = b"\xffSMB" + struct.pack("<BIBH", command, status, flags, 0xC801) + bytes(12)
    head += struct.pack("<HHHHB", 1, 7, 1, 1, len(words) // 2) + words + struct.pack("<H", len(data)) + data
    return struct.pack(">I", len(head)) + head


@pytest.mark.parametrize(("asked", "share"), [(CUT, b"\\\\plc\\C$"), (CUT | {CHUNKED}, b"\\plc\\C$")])
def test_a_tree_of_smb_1_lacks_its_first_character_as_in_suricata(
    asked: frozenset[str], share: bytes
) -> None:
    words, path = struct.pack("<BBHHH", 255, 0, 0, 8, 1), "\\\\plc\\C$".encode("utf-16-le")
    talk_of_it = [(CLIENT, _smb1(0x75, words, b"\0" + path + b"\0\0?????\0"))]
    found = cut(tcp(talk_of_it, port=445, buffers=asked)["payloads"])
    assert found["to_server", 1, "smb.share"] == [share]


def test_an_answer_that_comes_later_is_the_calls() -> None:
    """MS-SMB2 clause 3.3.4.2: an interim answer to a call in a pipe says nothing yet."""
    bind = _rpc(
        11,
        struct.pack("<HHIBxxx", 4280, 4280, 0, 1)
        + struct.pack("<HBx", 0, 1)
        + bytes(16)
        + b"\1\0\0\0"
        + bytes(20),
    )
    call = _rpc(0, struct.pack("<IHH", 4, 0, 15) + b"call")
    answer = _rpc(2, struct.pack("<IHBx", 4, 0, 0) + b"said")
    pipe, told = b"\x09" * 16, []
    for number, octets, said in ((1, bind, None), (2, call, answer)):
        asks = (
            struct.pack("<HxxI", 57, 0x0011C017)
            + pipe
            + struct.pack("<IIIIIIII", 120, len(octets), 0, 0, 0, 4096, 1, 0)
        )
        told.append((CLIENT, _smb2(11, asks + octets, number=number)))
        told.append(
            (SERVER, _smb2(11, struct.pack("<HxxIB", 9, 0, 0x21), number=number, answer=True, status=0x103))
        )
        if said is not None:
            says = (
                struct.pack("<HxxI", 49, 0x0011C017)
                + pipe
                + struct.pack("<IIIIII", 112, 0, 112, len(said), 0, 0)
            )
            told.append((SERVER, _smb2(11, says + said, number=number, answer=True)))
    found = talk(told, 445)
    data = [octets for (_, _, name), octets in found.items() if name == "dcerpc.stub_data"]
    assert data == [[b"call"], [b"said"]]


def _rpc(kind: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 16, 16 + len(body), 0, 2) + body


def test_a_long_file_is_looked_at_behind_its_first_octets() -> None:
    body = bytes(200_000) + b"the end of it"
    sent = [*SMTP[:3], (CLIENT, b"MAIL FROM:<a@x>\r\nDATA\r\n"), (SERVER, b"354 go on\r\n")]
    mail = b"Content-Type: application/x; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail += base64.encodebytes(body).replace(b"\n", b"\r\n") + b".\r\n"
    found = talk([*sent, *((CLIENT, mail[k : k + 60_000]) for k in range(0, len(mail), 60_000))], 25)
    assert found["to_server", 1, "file.data"] == [body]


def test_a_file_that_a_decoder_puts_together() -> None:
    wrote = [
        (CLIENT, b"\0\2firmware.bin\0octet\0"),
        (SERVER, b"\0\4\0\0"),
        (CLIENT, b"\0\3\0\1" + FILE[:500]),
        (SERVER, b"\0\4\0\1"),
    ]
    rows = udp(wrote, port=69, buffers=CUT)["payloads"]
    found = {row["buffer"]: row["octets"] for row in rows}
    assert found["file.name"] == b"firmware.bin"
    assert found["file.data"] == FILE[:500]
    assert found["file.md5"] == hashlib.md5(FILE[:500], usedforsecurity=False).hexdigest().encode()
    assert {row["direction"] for row in rows} == {"to_server"}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([21, 22, 25, 53, 80, 443, 445]),
    st.sampled_from(
        [b"SSH-2.0-x\r\n", b"220 ESMTP\r\n", b"\0\0\0\x54\xfeSMB", b"\x16\x03\x01", b"220 FTP\r\n", b""]
    ),
    st.lists(st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=200)), max_size=6),
)
def test_any_octets_are_no_fault_of_ours(port: int, begin: bytes, pieces: list[tuple[int, bytes]]) -> None:
    rows = tcp([(SERVER, begin or b"x"), *pieces], port=port, buffers=CUT)
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
