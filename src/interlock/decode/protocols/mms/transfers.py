"""Domains and files that MMS carries in parts, put together.

    initiateDownloadSequence   asked by who loads; then the server asks for each downloadSegment, whose answer has a
                               part, and ends with terminateDownloadSequence (with `discard` where it drops it all)
    initiateUploadSequence     each uploadSegment's answer has a part; terminateUploadSequence ends it
    fileOpen                   each fileRead's answer has a part; fileClose ends it
    obtainFile                 who is asked fetches a file from who asks by fileOpen and fileRead: it is written to him

A part says whether more follows; what ends before the last part, or begins behind the first octet, is incomplete.
Source: ISO 9506-1 clauses 11.2 to 11.7 (domains) and annex D (files), ISO 9506-2 for their parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.artifacts import Transfers

if TYPE_CHECKING:
    from interlock.decode.protocols.mms.state import Association

__all__ = ["Loads"]

DOMAIN: Final = "mms-domain"
_DOWN, _UP, _FILE = "down", "up", "file"
_PARTS: Final = {"downloadSegment": _DOWN, "uploadSegment": _UP, "fileRead": _FILE}
_ENDS: Final = {"terminateDownloadSequence": _DOWN, "terminateUploadSequence": _UP, "fileClose": _FILE}
_BEGINS: Final = {"initiateDownloadSequence": _DOWN, "initiateUploadSequence": _UP, "fileOpen": _FILE}
_ALL: Final = {**_PARTS, **_ENDS, **_BEGINS}


class Loads:
    """Transfers by flow, way, who asks for their parts, and name."""

    def __init__(self, tools: Any) -> None:
        self._loads = Transfers(tools.facts.artifacts)

    def asked(
        self,
        m: Any,
        i: int,
        association: Association,
        service: str,
        names: list[str],
        request: Any,
        operation: int,
    ) -> None:
        """A request: one that begins a transfer does so, since its answer tells neither name nor beginning."""
        if service == "obtainFile" and names:
            source = "/".join(request.get("sourceFile", ()))
            association.obtained = (1 - m.side[i], source, names[0], operation)
        elif service in _BEGINS and names:
            way, side = _BEGINS[service], m.side[i]
            named, told = self._named(way, names[0]), {"side": side, "operation": operation}
            if way == _FILE and association.obtained[:2] == (side, names[0]):
                named = ("mms", "file", association.obtained[2], "written")
                told = {"side": 1 - side, "operation": association.obtained[3]}
            key = _key(m, i, way, side, names[0])
            self._loads.begin(key, m, i, *named, **told)
            if way == _FILE and request.get("initialPosition"):
                self._loads.gap(key)
        elif service == "terminateDownloadSequence" and "discard" in request and names:
            self._loads.gap(_key(m, i, _DOWN, m.side[i], names[0]))

    @staticmethod
    def _named(way: str, name: str) -> tuple[str, str, str, str]:
        kind = "file" if way == _FILE else DOMAIN
        return "mms", kind, name, "written" if way == _DOWN else "read"

    def answered(self, m: Any, i: int, service: str, names: list[str], response: Any) -> None:
        """An answer: a part of a transfer, or its end. names: what its request was about, none where unseen."""
        if not names or service not in _ALL:
            return
        way = _ALL[service]
        key = _key(m, i, way, 1 - m.side[i], names[0])
        if service == "fileOpen":
            self._opened(key, response)
        elif service in _PARTS:
            self._part(m, i, key, way, names[0], response)
        elif service in _ENDS:
            artifact = self._loads.find(key)
            self._loads.end(key, m, i, whole=artifact is not None and bool(artifact.last))

    def failed(self, m: Any, i: int, service: str, names: list[str]) -> None:
        """A request was refused: a transfer that does not begin, or a part that is missing."""
        if names and service in _ALL:
            key = _key(m, i, _ALL[service], 1 - m.side[i], names[0])
            if service in _BEGINS:
                self._loads.end(key, m, i, whole=False)
            else:
                self._loads.gap(key)

    def _opened(self, key: Any, response: Any) -> None:
        artifact = self._loads.find(key)
        size = response.get("fileAttributes", {}).get("sizeOfFile", -1)
        if artifact is not None and size >= 0:
            artifact.stated = size

    def _part(self, m: Any, i: int, key: Any, way: str, name: str, response: Any) -> None:
        octets = response.get("fileData") if way == _FILE else _loaded(response.get("loadData"))
        told = {"side": m.side[i] if way == _DOWN else 1 - m.side[i]}
        artifact = self._loads.add(key, m, i, octets or b"", *self._named(way, name), **told)
        if octets is None:
            self._loads.gap(key)
        if not response.get("moreFollows", True):
            artifact.last = True
            artifact.closing = "ok"


def _loaded(data: Any) -> bytes | None:
    """Octets of a segment: themselves, or aligned within an EXTERNAL; None where they are in another notation."""
    if data is None:
        return None
    kind, value = data
    if kind == "coded":
        kind, value = value.get("encoding", ("", None))
    return value if kind in ("non-coded", "octet-aligned") else None


def _key(m: Any, i: int, way: str, side: int, name: str) -> tuple[int, str, int, str]:
    """side: of who asks for the parts, in a download the server; of who asks for the transfer it is the other one."""
    return int(m.flow[i]), way, 0 if way == _DOWN else int(side), name
