"""Values in one form, so that what is written differently and means the same is found.

Source: RFC 5952 (addresses), RFC 5890 (names), RFC 3986 clause 6 (URLs), the published forms of JA3 and JA4.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["canonical", "kind_of", "undefanged"]

_HEX: Final = re.compile(r"[0-9a-f]+")
_NAME: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63}){0,126}")
_JA4: Final = re.compile(r"[tqd][0-9a-z]{2}[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20})://", re.ASCII)
_LENGTHS: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_PORTS: Final = {"http": ":80", "https": ":443"}


def undefanged(text: str) -> str:
    """A value as it is meant, where people wrote it so that nobody can click on it: `hxxp://evil[.]example`."""
    if "[" not in text and text[:4].lower() != "hxxp":
        return text
    plain = text.replace("[.]", ".").replace("[:]", ":").replace("[dot]", ".").replace("[://]", "://")
    return "http" + plain[4:] if plain[:4].lower() == "hxxp" else plain


def canonical(kind: str, text: str) -> str:
    """The value of a kind (model.KINDS) in its one form. Raises ValueError with what is wrong with it."""
    return _FORMS[kind](undefanged(text.strip()))


def kind_of(text: str) -> tuple[str, str]:
    """What a value in a plain list is, and its canonical form. Raises ValueError where it is nothing that is known."""
    value = undefanged(text.strip())
    lowered = value.lower()
    if _SCHEME.match(value):
        return "url", _url(value)
    if _JA4.fullmatch(lowered):
        return "ja4", lowered
    if len(lowered) in _LENGTHS and _HEX.fullmatch(lowered):
        return _LENGTHS[len(lowered)], lowered
    if "/" in value and value[:1] in "0123456789abcdefABCDEF:" and _is_network(value):
        return (
            ("network", _network(value)) if not _is_single(value) else ("address", _address(_single(value)))
        )
    if ":" in value or value.replace(".", "").isdigit():
        return "address", _address(value)
    if "/" in value:
        return "url", _url(value)
    return "domain", _domain(value)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("expected an IPv4 or IPv6 address") from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError("expected a network like 192.0.2.0/24") from None


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _single(text: str) -> str:
    return text.partition("/")[0]


def _is_single(text: str) -> bool:
    network = ipaddress.ip_network(text, strict=False)
    return network.prefixlen == network.max_prefixlen


def _domain(text: str) -> str:
    name = text.rstrip(".").lower().removeprefix("*.").removeprefix(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            raise ValueError("expected a domain name") from None
    if len(name) > 253 or "." not in name or not _NAME.fullmatch(name):
        raise ValueError("expected a domain name with at least one dot")
    return name


def _url(text: str) -> str:
    """Host and what follows it: the wire does not show a scheme; no fragment, which is never sent, no default port."""
    found = _SCHEME.match(text)
    scheme, rest = (found[1].lower(), text[found.end() :]) if found else ("http", text)
    rest = rest.partition("#")[0]
    cut = next((i for i, c in enumerate(rest) if c in "/?"), len(rest))
    authority, path = rest[:cut], rest[cut:]
    host = authority.rpartition("@")[2].lower().removesuffix(_PORTS.get(scheme, ":80"))
    if not host or any(c.isspace() for c in host + path):
        raise ValueError("expected a URL like http://host/path")
    return host + (path if path.startswith("/") else "/" + path)


def _hash(octets: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        value = text.lower().replace(":", "")
        if len(value) != 2 * octets or not _HEX.fullmatch(value):
            raise ValueError(f"expected {2 * octets} hexadecimal digits")
        return value

    return read


def _certificate(text: str) -> str:
    value = text.lower().replace(":", "").replace(" ", "")
    if len(value) not in _LENGTHS or not _HEX.fullmatch(value):
        raise ValueError("expected the MD5, SHA-1 or SHA-256 of a certificate")
    return value


def _ja4(text: str) -> str:
    value = text.lower()
    if not _JA4.fullmatch(value):
        raise ValueError("expected a JA4 fingerprint like t13d1516h2_8daaf6152771_e5627efa2ab1")
    return value


_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "address": _address,
    "network": _network,
    "domain": _domain,
    "url": _url,
    "md5": _hash(16),
    "sha1": _hash(20),
    "sha256": _hash(32),
    "certificate": _certificate,
    "ja3": _hash(16),
    "ja3s": _hash(16),
    "ja4": _ja4,
}
