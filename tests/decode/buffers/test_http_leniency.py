"""HTTP/1 that is not as its RFCs have it: buffers as Suricata 7.0.10 tells them, each case held against it."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.buffers.test_http import HTTP, buffers, oddities
from decode.feed import ACK, CLIENT, SERVER, Tcp, run, tcp
from interlock.decode.buffers.best_fit import fitted
from interlock.decode.buffers.http_sizes import begins_request, chunk_of, length_of, speaks_http
from interlock.decode.buffers.uri import normalised, parts_of
from interlock.records.buffers import CHUNKED

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ASKED = (CLIENT, b"GET /a HTTP/1.1\r\nHost: a.b\r\n\r\n")
FIELDS = b"Host: a.b\r\n\r\n"


def values(segments: list[tuple[int, bytes]], direction: str, *names: str) -> list[bytes | None]:
    """The only row of each buffer; None: it has none."""
    found = buffers(segments)
    rows = [
        [
            octets
            for (way, _, buffer), told in found.items()
            if (way, buffer) == (direction, name)
            for octets in told
        ]
        for name in names
    ]
    assert all(len(told) < 2 for told in rows), rows
    return [told[0] if told else None for told in rows]


@pytest.mark.parametrize(
    ("line", "method", "uri", "protocol"),
    [
        (b"GET /a b HTTP/1.1", b"GET", b"/a", b"b HTTP/1.1"),
        (b"GET /a b", b"GET", b"/a", b"b"),
        (b"GET /a  x  HTTP/1.1  ", b"GET", b"/a", b"x  HTTP/1.1  "),
        (b"GET\t/a\tHTTP/1.1", b"GET", b"/a", b"HTTP/1.1"),
        (b"GET\t/a b\tHTTP/1.1", b"GET", b"/a", b"b\tHTTP/1.1"),
        (b"GET /a\tb HTTP/1.1", b"GET", b"/a\tb", b"HTTP/1.1"),
        (b"GET /a", b"GET", b"/a", None),
        (b"junk;x /a HTTP/1.1", b"junk;x", b"/a", b"HTTP/1.1"),
        (b"nourlatall", b"nourlatall", None, None),
        (b" GET /a HTTP/1.1", b"GET", b"/a", b"HTTP/1.1"),
        (b"GET /a FOO", b"GET", b"/a", b"FOO"),
        (b"get /a http/1.1", b"get", b"/a", b"http/1.1"),
        (b"GET /a HTTP/1.1\0", b"GET", b"/a", b"HTTP/1.1\0"),
        (b"CONNECT a.b:443 HTTP/1.1", b"CONNECT", None, b"HTTP/1.1"),
    ],
)
def test_words_of_a_first_line_end_at_blanks(
    line: bytes, method: bytes, uri: bytes | None, protocol: bytes | None
) -> None:
    segments = [(CLIENT, line + b"\r\n" + FIELDS), (SERVER, OK)]
    asked = values(
        segments, "to_server", "http.method", "http.uri", "http.protocol", "http.request_line", "http.host"
    )
    assert asked == [method, uri, protocol, line, b"a.b"]


@pytest.mark.parametrize(
    ("line", "protocol", "code", "message"),
    [
        (b"HTTP/1.1  200  OK ", b"HTTP/1.1", b"200", b"OK "),
        (b"HTTP/1.~~~ 200 OK", b"HTTP/1.~~~", b"200", b"OK"),
        (b"HTTP/1.1 101~~~ x", b"HTTP/1.1", b"101~~~", b"x"),
        (b"HTTP/1.1 abc OK", b"HTTP/1.1", b"abc", b"OK"),
        (b"HTTP/1.1", b"HTTP/1.1", None, None),
        (b"HTTP/1.1 200", b"HTTP/1.1", b"200", None),
        (b"http/1.1 200 OK", b"http/1.1", b"200", b"OK"),
        (b" HTTP/1.1 200 OK", b"HTTP/1.1", b"200", b"OK"),
        (b"HTTPS/1.1 200 OK", b"HTTPS/1.1", b"200", b"OK"),
        (b"  \r\nHTTP/1.1 200 OK", b"HTTP/1.1", b"200", b"OK"),
    ],
)
def test_a_status_line_begins_as_http_and_its_code_is_any(
    line: bytes, protocol: bytes, code: bytes | None, message: bytes | None
) -> None:
    segments = [ASKED, (SERVER, line + b"\r\nContent-Length: 2\r\n\r\nok")]
    names = ("http.protocol", "http.stat_code", "http.stat_msg", "http.content_len", "http.response_body")
    assert values(segments, "to_client", *names) == [protocol, code, message, b"2", b"ok"]


@pytest.mark.parametrize(
    ("told", "body"),
    [
        (b"no head at all", b"no head at all"),
        (b"no head\r\nat all\r\n", b"no head\r\nat all\r\n"),
        (b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ICY 200 OK\r\nContent-Length: 2\r\nok"),
    ],
)
def test_an_answer_without_a_status_line_is_a_body(told: bytes, body: bytes) -> None:
    names = ("http.response_line", "http.response_body", "file.data")
    assert values([ASKED, (SERVER, told)], "to_client", *names) == [None, body, body]


@pytest.mark.parametrize(
    ("fields", "joined", "names"),
    [
        (b"Foo: 1\r\nfoo: 2\r\nFOO: 3\r\n", b"Foo: 1, 2, 3\r\n", b"\r\nFoo\r\n\r\n"),
        (b"Foo: 1\r\n bar\r\n\tbaz\r\n", b"Foo: 1 bar\tbaz\r\n", b"\r\nFoo\r\n\r\n"),
        (b"Foo\r\n", b": Foo\r\n", b"\r\n\r\n\r\n"),
        (b"F\0o: x\r\n", b": F\0o: x\r\n", b"\r\n\r\n\r\n"),
        (b"Foo : 1\r\n", b"Foo: 1\r\n", b"\r\nFoo\r\n\r\n"),
        (b"A: b\r\r\n", b"A: b\r\n", b"\r\nA\r\n\r\n"),
    ],
)
def test_fields_of_requests(fields: bytes, joined: bytes, names: bytes) -> None:
    segments = [(CLIENT, b"GET / HTTP/1.1\r\n" + fields + b"\r\n")]
    assert values(segments, "to_server", "http.header", "http.header_names") == [joined, names]


def test_fields_of_answers_may_be_indented_and_end_with_a_return_alone() -> None:
    told = (
        b"HTTP/1.1 200 OK\r\nA: 1\r\n b: c\r\nD: e\rF: g\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"
    )
    joined = b"A: 1\r\nb: c\r\nD: e\r\nF: g\r\nContent-Length: 2\r\n"
    assert values([ASKED, (SERVER, told)], "to_client", "http.header", "http.response_body") == [
        joined,
        b"ok",
    ]


def test_cookies_are_in_the_start_and_no_fields_are_no_buffer() -> None:
    asked = (CLIENT, b"GET / HTTP/1.1\r\nCookie: a\r\nCookie: b\r\n\r\n")
    names = ("http.start", "http.header")
    assert values([asked], "to_server", *names) == [b"GET / HTTP/1.1\r\nCookie: a, b\r\n\r\n", None]
    bare = values([(CLIENT, b"GET / HTTP/1.1\r\n\r\n")], "to_server", *names, "http.header_names")
    assert bare == [b"GET / HTTP/1.1\r\n", None, None]


@pytest.mark.parametrize(
    ("held", "line", "fields", "host"),
    [
        (b"GET /unended", b"GET /unended", None, None),
        (b"GET /unended HTTP/1.1", b"GET /unended HTTP/1.1", None, None),
        (b"GET /u HTTP/1.1\r\nHost: x\r\nFoo: ba", b"GET /u HTTP/1.1", b"Host: x\r\n", None),
    ],
)
def test_a_head_without_its_end_is_told_when_all_is_over(
    held: bytes, line: bytes, fields: bytes | None, host: bytes | None
) -> None:
    names = ("http.request_line", "http.header", "http.host", "http.method")
    assert values([(CLIENT, held)], "to_server", *names) == [line, fields, host, b"GET"]


def test_of_an_answer_without_its_end_the_line_is_told() -> None:
    told = (SERVER, b"HTTP/1.1 200 OK\r\nServer: x\r\nFoo: b")
    names = ("http.response_line", "http.server", "http.header", "http.start")
    assert values([ASKED, told], "to_client", *names) == [b"HTTP/1.1 200 OK", b"x", None, None]


@pytest.mark.parametrize(
    ("field", "body", "kept"),
    [
        (b"Content-Length: 2\r\n", b"okjunk", b"okjunk"),
        (b"Content-Length: 2\r\n", b"ok\r\nGET /b HTTP/1.1\r\n\r\n", b"ok\r\n"),
        (b"Content-Length: 2\r\n", b"okGET /b HTTP/1.1\r\n\r\n", b"ok"),
        (b"Content-Length: x2\r\n", b"ok", b"ok"),
        (b"Content-Length: 2\r\nContent-Length: 9\r\n", b"ok", b"ok"),
        (b"", b"nolength", b"nolength"),
        (b"Transfer-Encoding: chunked\r\n", b"2\r\nokxx\r\n\r\n1\r\n!\r\n0\r\n\r\n", b"ok!"),
        (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"ok", b"ok"),
    ],
)
def test_bodies_of_requests(field: bytes, body: bytes, kept: bytes) -> None:
    segments = [(CLIENT, b"POST /a HTTP/1.1\r\nHost: a.b\r\n" + field + b"\r\n" + body)]
    assert values(segments, "to_server", "http.request_body", "file.data") == [kept, kept]


@pytest.mark.parametrize(
    ("field", "body", "kept"),
    [
        (b"Content-Length: 2\r\n", b"okjunk", b"okjunk"),
        (b"Content-Length: 2x\r\n", b"ok", b"ok"),
        (b"Content-Length: 0\r\n", b"junk", b"junk"),
        (b"Transfer-Encoding: chunked\r\n", b"plain", b"plain"),
        (b"Transfer-Encoding: chunked\r\n", b"2\r\nok\r\nzz\r\n0\r\n\r\n", b"okzz\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"fffffffff\r\nok", b"fffffffff\r\nok"),
        (b"Content-Encoding: foo, gzip\r\n", gzip.compress(b"hello", mtime=0), b"hello"),
        (b"Content-Encoding: gzip\r\n", zlib.compress(b"hello"), b"hello"),
        (b"Content-Encoding: deflate\r\n", gzip.compress(b"hello", mtime=0), b"hello"),
        (b"Content-Encoding: gzip\r\n", b"not gzipped", b"not gzipped"),
    ],
)
def test_bodies_of_answers(field: bytes, body: bytes, kept: bytes) -> None:
    segments = [ASKED, (SERVER, b"HTTP/1.1 200 OK\r\n" + field + b"\r\n" + body)]
    assert values(segments, "to_client", "http.response_body", "file.data") == [kept, kept]


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: \r\n\r\nok",
        b"Transfer-Encoding: gzip\r\n\r\nok",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_request_whose_body_has_no_length_ends_all(head: bytes) -> None:
    segments = [(CLIENT, b"POST /a HTTP/1.1\r\n" + head), (SERVER, OK)]
    assert values(segments, "to_server", "http.method", "http.request_body") == [b"POST", None]
    assert values(segments, "to_client", "http.stat_code") == [None]
    assert {"length-malformed", "chunk-malformed"} & oddities(segments)


@pytest.mark.parametrize(
    ("password", "fields"),
    [(b"Basic ~~~", None), (b"basic a", None), (b"Basic", True), (b"Basic dTpw", True)],
)
def test_a_password_that_is_no_base64_ends_all_where_suricata_is_followed(
    password: bytes, fields: bool | None
) -> None:
    asked = b"POST /a HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\nContent-Length: 1\r\n\r\nx" % password
    segments = [(CLIENT, asked), (SERVER, OK)]
    rows = {
        row["buffer"]
        for row in tcp(segments, port=80, buffers=HTTP | {CHUNKED})["payloads"]
        if row["buffer"].startswith("http.")
    }
    assert {"http.method", "http.host"} <= rows
    assert rows.isdisjoint({"http.header", "http.request_body", "http.stat_code"}) is (fields is None)
    assert {"http.header", "http.stat_code"} <= {buffer for _, _, buffer in buffers(segments)}


def test_suricata_does_not_see_why_a_tunnel_is_refused() -> None:
    segments = [
        (CLIENT, b"CONNECT a:1 HTTP/1.1\r\n\r\n"),
        (SERVER, b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
        (CLIENT, ASKED[1]),
        (SERVER, OK),
    ]
    rows = tcp(segments, port=80, buffers=HTTP | {CHUNKED})["payloads"]
    assert [row["octets"] for row in rows if row["buffer"] == "http.response_body"] == [b"ok"]
    assert buffers(segments)["to_client", 1, "http.response_body"] == [b"no"]


def test_who_asked_first_asks_where_suricata_is_followed() -> None:
    segments = [ASKED, (SERVER, b"GET /b HTTP/1.1\r\n\r\n"), (CLIENT, b"HTTP/1.1 200 OK\r\n\r\n")]
    rows = tcp(segments, port=80, buffers=HTTP | {CHUNKED})["payloads"]
    assert [row["octets"] for row in rows if row["buffer"] == "http.method"] == [b"GET", b"HTTP/1.1"]
    assert [row["octets"] for row in rows if row["buffer"] == "http.response_body"] == [
        b"GET /b HTTP/1.1\r\n"
    ]
    assert [told for (_, _, name), told in buffers(segments).items() if name == "http.uri"] == [
        [b"/a"],
        [b"/b"],
    ]


def test_an_empty_host_is_there() -> None:
    segments = [(CLIENT, b"GET / HTTP/1.1\r\nHost:\r\n\r\n")]
    assert values(segments, "to_server", "http.host.raw", "http.host") == [b"", None]


BEGUN, REST = b"first part " * 9, b" second part" * 9


@pytest.mark.parametrize(
    ("side", "before", "behind", "body"),
    [
        (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 307\r\n\r\n" + BEGUN, REST, BEGUN + REST),
        (SERVER, b"HTTP/1.1 200 OK\r\n\r\n" + BEGUN, REST, BEGUN + REST),
        (SERVER, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n133\r\n" + BEGUN, REST, BEGUN + REST),
        (
            SERVER,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n63\r\n" + BEGUN + b"\r\n",
            b"5\r\nhello\r\n0\r\n\r\n",
            BEGUN + b"hello",
        ),
        (SERVER, b"HTTP/1.1 200 OK\r\nServer: x\r\n", REST, REST),
        (CLIENT, b"POST /p HTTP/1.1\r\nContent-Length: 307\r\n\r\n" + BEGUN, REST, BEGUN + REST),
    ],
)
def test_a_body_goes_on_behind_octets_that_are_missing(
    side: int, before: bytes, behind: bytes, body: bytes
) -> None:
    connection = Tcp(80)
    connection.open()
    if side == SERVER:
        connection.segment(*ASKED)
    connection.segment(side, before)
    connection.segment(side, b"x" * 100)
    del connection.frames[-1]
    connection.segment(1 - side, flags=ACK)
    connection.segment(side, behind)
    connection.segment(side, ASKED[1] if side == CLIENT else OK)
    name = ("http.request_body", "http.response_body")[side]
    rows = run(connection.frames, buffers=HTTP)["payloads"]
    assert [row["octets"] for row in rows if row["buffer"] == name] == [body] + [b"ok"] * (side == SERVER)
    assert {b"GET", b"200"} & {row["octets"] for row in rows}
    sums = [row for row in rows if row["buffer"] == "file.sha256"]
    assert len(sums) == (side == SERVER), "of a body that is not all there no hash says anything"


@pytest.mark.parametrize(("apart", "codes"), [(True, [b"100", b"200"]), (False, [b"200"])])
def test_suricata_does_not_see_what_comes_with_its_final_answer(apart: bool, codes: list[bytes]) -> None:
    waits = b"HTTP/1.1 100 Continue\r\n\r\n"
    told = [(SERVER, waits), (SERVER, OK)] if apart else [(SERVER, waits + OK)]
    rows = tcp([ASKED, *told], port=80, buffers=HTTP | {CHUNKED})["payloads"]
    assert [row["octets"] for row in rows if row["buffer"] == "http.stat_code"] == codes
    assert [row["octets"] for row in rows if row["buffer"] == "http.header"][-1] == b"Content-Length: 2\r\n"
    own = buffers([ASKED, *told])["to_client", 1, "http.stat_code"]
    assert own == [b"100", b"200"]


LONG = 60_000


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 200 OK\r\nX:\r\n" + b" " * LONG + b":\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX:" + b"\r" * LONG + b"x\r\n b\r\n\r\n",
        b"GET" + b" " * LONG + b"x\r\n\r\n",
        b" " * LONG + b"\r" * LONG,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b" \r" * (LONG // 2) + b"\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + b"\0 " * LONG,
    ],
)
def test_no_octets_cost_more_than_their_number(told: bytes) -> None:
    # Expressions that go back over a run of blanks from each of its octets take a minute for one of these.
    begun = time.process_time()
    tcp(
        [ASKED, *((SERVER, told[at : at + 30_000]) for at in range(0, len(told), 30_000))],
        port=80,
        buffers=HTTP,
    )
    assert time.process_time() - begun < 1


FORM = b"POST /f HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n"
PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s'


@pytest.mark.parametrize(
    ("form", "contents", "names"),
    [
        (PART % (b"a", b"one\r\n") + PART % (b"b", b"two\r\n--b--\r\n"), [b"one", b"two"], [b"a", b"b"]),
        (PART % (b"", b"one\r\n--b--\r\n"), [b"one"], []),
        (PART % (b"a", b"\r\n--b--\r\n"), [], [b"a"]),
        (PART % (b"a", b"no end"), [b"no end"], [b"a"]),
        (PART % (b"a", b"x" * 200_000), [b"x" * (102_400 - len(PART) + 3)], [b"a"]),
        (b"--b\r\nContent-Disposition: form-data; name=u\r\n\r\nvalue\r\n--b--\r\n", [], []),
    ],
)
def test_files_in_forms(form: bytes, contents: list[bytes], names: list[bytes]) -> None:
    octets = FORM % len(form) + form
    found = buffers([(CLIENT, octets[at : at + 1400]) for at in range(0, len(octets), 1400)])
    assert found.get(("to_server", 1, "file.data"), []) == contents
    assert found.get(("to_server", 1, "file.name"), []) == names


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"/a%41b/x%20y?q=z", b"/aAb/x y"),
        (b"/a/../c//d.txt", b"/c/d.txt"),
        (b"/a+b\\c%00d/./e;f", b"/a+b/c\0d/e;f"),
        (b"http://h.example/p%41?z", b"/pA"),
    ],
)
def test_a_file_has_the_path_for_its_name(target: bytes, name: bytes) -> None:
    """As Suricata has it: decoded, as in http.uri, without what is asked of it."""
    asked = b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    found = buffers([(CLIENT, asked), (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")])
    assert found[("to_client", 1, "file.name")] == [name]


def test_fields_behind_the_last_chunk_are_fields_too() -> None:
    told = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: t\r\n\r\n"
    found = buffers([ASKED, (SERVER, told)])["to_client", 1, "http.header"]
    assert found == [b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nX: t\r\n"]


def test_a_line_alone_is_answered_by_a_body() -> None:
    segments = [(CLIENT, b"GET /09\r\n"), (SERVER, OK)]
    assert values(segments, "to_client", "http.stat_code", "http.response_body") == [None, OK]


def test_behind_a_switch_nothing_is_read_and_behind_connect_what_is_http_for_certain() -> None:
    switched = [
        ASKED,
        (SERVER, b"HTTP/1.1 101 Now\r\nUpgrade: websocket\r\n\r\n"),
        (CLIENT, b"\x81\x05hello"),
    ]
    assert values(switched, "to_server", "http.method") == [b"GET"]
    opened = [(CLIENT, b"CONNECT a:1 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n")]
    assert values([*opened, (CLIENT, b"\x16\x03\x01hello\r\n\r\n")], "to_server", "http.method") == [
        b"CONNECT"
    ]
    assert values([*opened, ASKED], "to_server", "http.uri") == [b"/a"]


@pytest.mark.parametrize("method", [b"GET", b"FOO"])
def test_what_neither_posts_nor_puts_brings_no_file(method: bytes) -> None:
    segments = [(CLIENT, method + b" /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nok")]
    assert values(segments, "to_server", "http.request_body", "file.data", "file.name") == [b"ok", None, None]


@pytest.mark.parametrize(
    ("target", "made"),
    [
        (b"/%aa%c3%a9%c0%af%ef%bc%8fz?q=%aa", b"/?\xe9//z?q=\xaa"),
        (b"/\xc3\xa9?\xc3\xa9", b"/\xe9?\xc3\xa9"),
        (b"/%252e%u0041%u00e9%2e+?a=%2541+%u0042&%zz%", b"/%2eA?.+?a=%41+%u0042&%zz%"),
        (b"/x%u2215%uff41%u4e00%U0041", b"/x/a?A"),
        (b"/a/..", b""),
        (b"/a/.", b"/a"),
        (b"/../../a", b"/a"),
        (b"../a", b"a"),
        (b"//a/../b/./c\\d", b"/b/c/d"),
        (b"a.b:443", b"443"),
        (b"http://u:p@Foo.com:81/x?y", b"/x?y"),
        (b"http://foo", b""),
        (b"*", b"*"),
        (b"/a/./", b"/a"),
        (b"/%ed%a0%80/%c3/%c3", b"/???/?/"),
        (b"/a#%u0041%c3%a9?%41", b"/a#A\xc3\xa9?A"),
        (b"x://", b"/"),
        (b"/A#frag?b", b"/A#frag?b"),
    ],
)
def test_targets_are_normalised(target: bytes, made: bytes) -> None:
    assert normalised(target) == made


def test_an_authority_is_cut_from_the_target() -> None:
    assert parts_of(b"http://u:p@Foo.com:81/x?y") == (b"Foo.com:81", b"/x?y")
    assert parts_of(b"/x?u=http://foo/") == (b"", b"/x?u=http://foo/")


@given(st.text(st.characters(max_codepoint=255)))
def test_latin_letters_are_themselves(text: str) -> None:
    assert fitted(text.encode()) == text.encode("latin-1")


@given(st.binary(max_size=200))
def test_any_target_is_normalised_within_its_length(octets: bytes) -> None:
    assert len(normalised(octets)) <= len(octets)


@given(st.binary(max_size=60))
def test_sizes_are_numbers_or_none(octets: bytes) -> None:
    assert -1 <= chunk_of(octets) <= 0x7FFF_FFFF
    found = length_of(octets)
    assert found is None or found >= 0
    assert begins_request(b"GET " + octets)


def test_http_is_guessed_by_its_methods() -> None:
    assert speaks_http(b"GET /x\r\n\r\n", False)
    assert speaks_http(b"PROPFIND\t/", False)
    assert not any((speaks_http(b"GETS /", False), speaks_http(b"GET /", True), speaks_http(b"GE", False)))
    assert not speaks_http(b"FOO /x RTSP/1.0\r\n", False)
    assert speaks_http(b"HTTP/1.1 200 OK\r\n", False)
    assert not speaks_http(b"HTTP/1.1 200 OK\r\n", True)
    assert not speaks_http(b"HTTP/1.1", False)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.lists(
                st.sampled_from(
                    [
                        *(
                            b"GET ",
                            b"POST ",
                            b"/a",
                            b" HTTP/1.1",
                            b"\r\n",
                            b"\n",
                            b"\r",
                            b"HTTP/1.1 200 OK\r\n",
                            b"HTTP",
                        ),
                        *(
                            b"Content-Length: 5\r\n",
                            b"Transfer-Encoding: chunked\r\n",
                            b"5\r\nhello\r\n",
                            b"0\r\n",
                        ),
                        *(
                            b"Content-Encoding: gzip\r\n",
                            b"CONNECT a:1 ",
                            b"HTTP/1.1 101 x\r\n",
                            b" x",
                            b": ",
                            b"\0",
                        ),
                    ]
                ),
                min_size=1,
                max_size=8,
            ).map(b"".join),
        ),
        max_size=8,
    )
)
def test_anything_like_http_gives_rows_and_no_fault_of_ours(pieces: list[tuple[int, bytes]]) -> None:
    rows = tcp([ASKED, *pieces], port=80, buffers=HTTP)
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
