"""Words about calls of DCE/RPC, messages of Kerberos, SMB and FTP, sizes of files, records of DNS, and certificates.

Source: Suricata user guide, "DCERPC Keywords", "Kerberos Keywords", "SMB Keywords", "FTP/FTP-DATA Keywords", "File
Keywords", "DNS Keywords",
"SSL/TLS Keywords".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.facts import ask, numeric
from interlock.detect.signatures.language.keyword import Keyword, comma_separated
from interlock.detect.signatures.language.numbers import Bound, read_bound, read_natural
from interlock.detect.signatures.language.problems import RuleError

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["KEYWORDS"]

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_OPERATIONS: Final = 4_096
"""Numbers that one rule may name."""
_SIZE: Final = re.compile(
    r"([<>]?)\s*(\d{1,18})\s*([KMG]B)?(?:\s*(<>)\s*(\d{1,18})\s*([KMG]B)?)?", re.IGNORECASE
)
_UNITS: Final = {"": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_DATE: Final = re.compile(r"\s*(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d))?)?)?)?)?\s*")
_DCE, _KRB, _TLS = "DCERPC Keywords", "Kerberos Keywords", "SSL/TLS Keywords"


def _interface(word: str) -> Keyword:
    """| UUID | [operator] version, perhaps | any_frag, perhaps |: the version is the major one."""

    def read(draft: Draft, value: str | None) -> None:
        uuid, *rest = (part.lower() for part in comma_separated(value))
        anywhere = bool(rest) and rest[-1] == "any_frag"
        versions = rest[: len(rest) - anywhere]
        if not _UUID.fullmatch(uuid) or len(versions) > 1:
            raise RuleError(word, f"{value!r} is not a UUID, perhaps a version, and perhaps any_frag")
        bounds = [read_bound(text, word, most=65_535) for text in versions]
        asked = [("dcerpc.any_iface" if anywhere else "dcerpc.iface", (uuid,))]
        said = ",".join((uuid, *(bound.words() for bound in bounds), *(["any_frag"] if anywhere else [])))
        ask(draft, word, said, (*asked, *(("dcerpc.iface_version", bound) for bound in bounds)))

    return Keyword(
        name=word, clause=f"{_DCE}, dcerpc.iface", says="the interface that a call is for", read=read
    )


def _operation(word: str) -> Keyword:
    """Numbers and ranges of them, with commas."""

    def read(draft: Draft, value: str | None) -> None:
        numbers: dict[str, None] = {}
        for part in comma_separated(value):
            first, dash, last = part.partition("-")
            begin = read_natural(first, word, most=65_535)
            end = read_natural(last, word, most=65_535) if dash else begin
            if end < begin or len(numbers) + end - begin >= _MOST_OPERATIONS:
                raise RuleError(
                    word, f"{part!r} is no range, or makes the numbers more than {_MOST_OPERATIONS}"
                )
            numbers.update(dict.fromkeys(map(str, range(begin, end + 1))))
        ask(draft, word, ",".join(comma_separated(value)), (("dcerpc.opnum", tuple(numbers)),))

    return Keyword(name=word, clause=f"{_DCE}, dcerpc.opnum", says="the operation of a call", read=read)


def _file_size(draft: Draft, value: str | None) -> None:
    """Of a file that was not seen to its end only that it is larger can be known."""
    found = _SIZE.fullmatch((value or "").strip())
    if not found or (found[1] and found[4]):
        raise RuleError("filesize", f"{value!r} is no size with < or >, or a range like 4KB<>1MB")
    number = int(found[2]) * _UNITS[(found[3] or "").upper()]
    other = int(found[5]) * _UNITS[(found[6] or "").upper()] if found[4] else 0
    if found[4] and number >= other:
        raise RuleError("filesize", f"{value!r} is no range: the smaller size stands first")
    bound = Bound("<>" if found[4] else found[1] or "=", number, other)
    ask(draft, "filesize", bound.words(), (("file.seen" if found[1] == ">" else "file.size", bound),))


def _date(word: str, fact: str, says: str) -> Keyword:
    """Seconds since 1970 (UTC) are compared; of a date that says no more, its beginning.

    What is at a bound is within it, as in Suricata (src/detect-tls-cert-validity.c).
    """

    def read(draft: Draft, value: str | None) -> None:
        text = (value or "").strip()
        first, between, last = text.lstrip("<>").partition("<>")
        operator = text[:1] if text[:1] in {"<", ">"} else "="
        moments = [_seconds(part, word) for part in ((first, last) if between else (first,))]
        if text.startswith("<>") or (between and (operator != "=" or moments[0] >= moments[1])):
            raise RuleError(word, f"{value!r} is no date with < or >, or a range like 1998-05-01<>2008-05-01")
        bound = _met(operator, moments)
        ask(draft, word, text, ((fact, bound),))

    return Keyword(name=word, clause=f"{_TLS}, {word.replace('.', '_', 1)}", says=says, read=read)


def _met(operator: str, moments: list[int]) -> Bound:
    """The bound that those of two, or of one with an operator, are within."""
    if len(moments) > 1:
        return Bound("<>", moments[0] - 1, moments[1] + 1)
    return Bound("=", moments[0]) if operator == "=" else Bound(operator + "=", moments[0])


def _seconds(text: str, word: str) -> int:
    found = _DATE.fullmatch(text)
    if not found:
        raise RuleError(word, f"{text!r} is no date like 2008-05-01 or 2008-05-01T10:00:00")
    least = (0, 1, 1, 0, 0, 0)
    year, month, day, *clock = (
        int(part) if part else none for part, none in zip(found.groups(), least, strict=True)
    )
    hour, minute, second = clock
    try:
        told = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise RuleError(word, f"{text!r} is no date: {error}") from error
    return max(0, int(told.timestamp()))


def _state(word: str, state: str, says: str) -> Keyword:
    def read(draft: Draft, _value: str | None) -> None:
        ask(draft, word, "", (("tls.cert_state", (state,)),))

    return Keyword(name=word, clause=f"{_TLS}, {word}", says=says, read=read, value=False)


def _bounce(draft: Draft, _value: str | None) -> None:
    ask(draft, "ftpbounce", "", (("ftp.bounce", ("true",)),))


_BEFORE, _AFTER = "since when the certificate is valid", "until when the certificate is valid"
KEYWORDS: Final = (
    *(_interface(word) for word in ("dcerpc.iface", "dce_iface")),
    *(_operation(word) for word in ("dcerpc.opnum", "dce_opnum")),
    numeric("krb5_msg_type", "krb5.msg_type", f"{_KRB}, krb5_msg_type", "the message's type", 255),
    numeric("krb5.msg_type", "krb5.msg_type", f"{_KRB}, krb5_msg_type", "the message's type", 255),
    numeric("krb5_err_code", "krb5.err_code", f"{_KRB}, krb5_err_code", "an error's code", (1 << 31) - 1),
    numeric("krb5.err_code", "krb5.err_code", f"{_KRB}, krb5_err_code", "an error's code", (1 << 31) - 1),
    numeric("smb.version", "smb.version", "SMB Keywords, smb.version", "the version, 1 or 2", 255),
    numeric(
        *("dns.rrtype", "dns.rrtype", "DNS Keywords, dns.rrtype"),
        *("the type of a question, of an answer that of a record in it", 65_535),
    ),
    Keyword(
        name="ftpbounce",
        clause="FTP/FTP-DATA Keywords, ftpbounce",
        says="a client of FTP names another machine than itself for data",
        read=_bounce,
        value=False,
    ),
    Keyword(name="filesize", clause="File Keywords, filesize", says="how long a file is", read=_file_size),
    *(_date(word, "tls.cert_not_before", _BEFORE) for word in ("tls_cert_notbefore", "tls.cert_notbefore")),
    *(_date(word, "tls.cert_not_after", _AFTER) for word in ("tls_cert_notafter", "tls.cert_notafter")),
    _state("tls_cert_expired", "expired", "the certificate is not valid any more, or not yet"),
    _state("tls_cert_valid", "valid", "the certificate is valid, by its dates"),
    numeric(
        "tls.cert_chain_len", "tls.cert_chain_len", _TLS, "how many certificates the chain has", (1 << 32) - 1
    ),
)
