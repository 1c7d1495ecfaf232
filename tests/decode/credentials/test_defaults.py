from __future__ import annotations

import pytest

from decode.feed import CLIENT, SERVER, tcp
from interlock.decode.credentials.defaults import default_of, defaults


def test_every_row_says_whose_and_where_it_is_printed() -> None:
    assert len(defaults()) > 500
    for row in defaults():
        assert row.vendor, row
        assert row.product, row
        assert row.service == "*" or row.service.isprintable()
        assert row.source, row
        assert ";" not in row.vendor + row.product
        assert "/" not in row.vendor


def test_no_row_stands_twice_and_they_are_in_order() -> None:
    rows = [tuple(row[:5]) for row in defaults()]
    assert len(set(rows)) == len(rows)
    assert rows == sorted(rows, key=lambda r: (r[0].lower(), r[1].lower(), *r[2:]))


@pytest.mark.parametrize(
    ("scheme", "user", "secret", "whose"),
    [
        ("user-password", "user", b"USERUSER", "Schneider Electric/Modicon M340"),
        ("basic", "Administrator", b"ml1400", "Rockwell Automation/MicroLogix 1400"),
        ("password", None, b"1111", "Unitronics/Vision"),
        ("community", None, b"private", "Moxa/switch"),
        ("user-password", "admin", b"", "Moxa/EDS"),
    ],
)
def test_a_published_pair_is_known_by_whose_it_is(
    scheme: str, user: str | None, secret: bytes, whose: str
) -> None:
    assert whose in (default_of(scheme, user, secret) or "").split("; ")


@pytest.mark.parametrize(
    ("scheme", "user", "secret"),
    [
        ("user-password", "USER", b"useruser"),  # the case of a secret matters
        ("user-password", "somebody", b"USERUSER"),
        ("community", None, b"moxa"),  # a password, and no community
        ("user-password", None, b"\xff\xfe"),
    ],
)
def test_what_nobody_publishes_is_nobodys(scheme: str, user: str | None, secret: bytes) -> None:
    assert default_of(scheme, user, secret) is None


def login(user: bytes, secret: bytes) -> dict:
    talk = [
        (SERVER, b"220 FTP ready\r\n"),
        (CLIENT, b"USER " + user + b"\r\n"),
        (SERVER, b"331 ?\r\n"),
        (CLIENT, b"PASS " + secret + b"\r\n"),
        (SERVER, b"230 in\r\n"),
    ]
    (row,) = tcp(talk, port=21, fingerprint=lambda octets: f"mark-{len(octets)}")["credentials"]
    return row


def test_a_login_carries_words_for_its_secret_and_never_the_secret() -> None:
    row = login(b"wago", b"Winter2024!")
    assert (row["strength"], row["default_of"], row["fingerprint"]) == ("common", None, "mark-11")
    assert "Winter2024!" not in repr(row)
    row = login(b"USER", b"USERUSER")
    assert (row["known"], row["strength"]) == ("default", None)
    assert "Schneider Electric/Modicon M340" in row["default_of"]
    assert "USERUSER" not in repr(row)
