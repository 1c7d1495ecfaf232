"""What OPC UA applications say of themselves: BuildInfo, ServerStatus and application descriptions as clues.

Source: OPC 10000-5, 12.4 (BuildInfo), 12.10 (ServerStatusDataType), A (node ids); OPC 10000-4, 7.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlock.decode.protocols.opcua.channel import Channel
    from interlock.decode.protocols.opcua.variants import Variants

__all__ = ["APPLICATION_TYPES", "Application", "Identity", "host_of"]

APPLICATION_TYPES: Final = ("server", "client", "client-and-server", "discovery-server")

_BUILD_INFO, _SERVER_STATUS = 340, 864

_NODES: Final = {
    "i=2261": "product",
    "i=2262": "uri",
    "i=2263": "vendor",
    "i=2264": "version",
    "i=2265": "build",
}
"""Nodes of Server.ServerStatus.BuildInfo by their field."""

_CLUES: Final = {"product": ("product", 0.8), "vendor": ("vendor", 0.85), "version": ("firmware", 0.6)}
"""Field → clue field and confidence: a software server tells of itself, an embedded one of its device."""

Application = dict[str, "str | int"]
"""uri, product_uri, name, type (index into APPLICATION_TYPES or another number), urls."""


class Identity:
    """Turns identity fields into clues about who sent the message."""

    def __init__(self, variants: Variants, facts: Any) -> None:
        self._v = variants
        self._facts = facts

    def text(self, m: Any, i: int, state: Channel, node: str, text: str) -> None:
        """A String read from or reported for a node, if it is one of BuildInfo's."""
        field = _NODES.get(node)
        if field is not None and text:
            state.build[field] = text
            self._say(m, i, {field: text})
            self._software(m, i, state.build)

    def structure(self, m: Any, i: int, structure: tuple[int, int, int]) -> None:
        """A structure (type id, offset, octets) if it is BuildInfo or ServerStatus; the cursor stays."""
        kind, offset, size = structure
        if kind not in (_BUILD_INFO, _SERVER_STATUS) or not size:
            return
        cursor = self._v.cursor
        back = cursor.offset()
        cursor.seek(offset)
        if kind == _SERVER_STATUS:
            cursor.skip(20)  # start time 8, current time 8, state 4
        names = ("uri", "vendor", "product", "version", "build")
        build = {name: self._v.string() or "" for name in names}
        cursor.seek(back)
        self._say(m, i, build)
        self._software(m, i, build)

    def _say(self, m: Any, i: int, build: dict[str, str]) -> None:
        who = self._facts.sender(m, i)
        for name, value in build.items():
            if name in _CLUES and value.strip():
                field, confidence = _CLUES[name]
                self._facts.clue(m, i, who, field, value.strip(), "opcua", confidence)

    def _software(self, m: Any, i: int, build: dict[str, str]) -> None:
        product, version = build.get("product", "").strip(), build.get("version", "").strip()
        if product and version:
            self._facts.clue(
                m, i, self._facts.sender(m, i), "software", f"{product} {version}", "opcua", 0.85
            )

    def application(self) -> Application:
        """Read an ApplicationDescription off the cursor."""
        v = self._v
        found: Application = {"uri": v.string() or "", "product_uri": v.string() or ""}
        found["name"] = v.localized_text()
        found["type"] = v.cursor.u32le()
        v.skip_string()
        v.skip_string()
        urls = [v.string() or "" for _ in range(v.length(4))]
        found["urls"] = " ".join(urls[:8])
        return found

    def tell(self, m: Any, i: int, who: str, application: Application) -> None:
        """Say what an application's description tells of the machine it runs on."""
        name, product = str(application["name"]).strip(), str(application["product_uri"]).strip()
        self._facts.clue(m, i, who, "description", name, "opcua", 0.5)
        self._facts.clue(m, i, who, "software", product, "opcua", 0.4)

    def name(self, m: Any, i: int, who: str, url: str | None, confidence: float) -> None:
        """Say the host name in an endpoint's address, where it is a name."""
        host = host_of(url or "")
        if host:
            self._facts.clue(m, i, who, "name", host, "opcua", confidence)


def host_of(url: str) -> str:
    """Host name in `opc.tcp://host:4840/path`; empty where it is an address, local or absent."""
    _, slashes, rest = url.partition("://")
    authority = rest.partition("/")[0]
    if not slashes or authority.count(":") > 1:
        return ""
    host = authority.partition(":")[0].strip().lower()
    is_name = any(letter.isalpha() for letter in host) and all(c.isalnum() or c in "-._" for c in host)
    return host if is_name and host not in ("localhost", "localhost.localdomain") else ""
