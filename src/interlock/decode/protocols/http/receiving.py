"""Files in bodies, put together: what PUT and POST bring, what GET fetches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.protocols.http.bodies import Body, boundary_of, files_of
from interlock.decode.protocols.http.extent import CHUNK, CHUNKED, LENGTH
from interlock.decode.protocols.http.framing import REQUEST_LINE, STATUS_LINE

if TYPE_CHECKING:
    from interlock.decode.artifacts import Artifact

__all__ = ["Receiving"]

MAX_BROUGHT = 64
"""Files of requests that were not answered yet."""


class Receiving:
    """For one HTTP decoder."""

    def __init__(self, decoder: Any) -> None:
        self._d = decoder
        self._artifacts = decoder.facts.artifacts

    def begin(
        self, m: Any, i: int, exchange: Any, head: bytes, named: tuple[str, str], told: dict[str, Any]
    ) -> None:
        """A head whose body is read. named: path or name, and `written` or `read`."""
        chunked, length = CHUNKED.search(head) is not None, LENGTH.search(head)
        self.drop(exchange, m.side[i])
        left = -1 if chunked else int(length[1]) if length is not None else 0
        if not left:
            return
        artifact = self._artifacts.begin(m, i, "http", "file", named[0], named[1], **told)
        if b"content-encoding" in head.lower():
            artifact.detail["encoded"] = "as sent"
        boundary = boundary_of(head) if named[1] == "written" else None
        exchange.bodies[m.side[i]] = Body((artifact, exchange.asked), boundary, left)

    def drop(self, exchange: Any, side: int) -> None:
        """What comes next is another message: the body before it was not whole."""
        body = exchange.bodies[side]
        if body is not None:
            exchange.bodies[side] = None
            self._artifacts.end(body.artifact[0], whole=False)

    def take(self, m: Any, i: int, exchange: Any, body: Body, octets: bytes) -> bool:
        """A message of a side whose body is under way; false where it is none of the body's."""
        artifact: Artifact = body.artifact[0]
        lost = m.gaps[i] != artifact.gaps
        if lost and (REQUEST_LINE.match(octets) or STATUS_LINE.match(octets)):
            self.drop(exchange, m.side[i])
            return False
        if body.line:
            self._size_line(m, i, exchange, body, octets)
            return True
        self._artifacts.add(artifact, m, i, octets)
        body.left -= len(octets)
        if body.left <= 0:
            body.line = body.chunked
            if not body.chunked:
                self._whole(m, i, exchange, body)
        return True

    def _size_line(self, m: Any, i: int, exchange: Any, body: Body, octets: bytes) -> None:
        line = CHUNK.match(octets)
        if line is None:
            self.drop(exchange, m.side[i])
        elif int(line[1], 16):
            body.left, body.line = int(line[1], 16), False
        else:
            self._whole(m, i, exchange, body)

    def _whole(self, m: Any, i: int, exchange: Any, body: Body) -> None:
        exchange.bodies[m.side[i]] = None
        artifact, number = body.artifact
        found = self._of_form(m, i, artifact, body.boundary) if body.boundary else [artifact]
        for file in found:
            if file.direction == "read":
                self._artifacts.end(file, m, i)
                continue
            file.closing = "ok"  # whole, should no answer come
            exchange.brought.append((number, file))
            if len(exchange.brought) > MAX_BROUGHT:
                self._artifacts.end(exchange.brought.pop(0)[1])

    def _of_form(self, m: Any, i: int, form: Artifact, boundary: bytes) -> list[Artifact]:
        """The files of a form, each an artifact of its own."""
        octets = self._artifacts.take_out(form)
        found = []
        for name, content in files_of(octets or b"", boundary):
            told = {"user": form.user, "operation": form.operation}
            file = self._artifacts.begin(m, i, "http", "file", name, "written", **told)
            file.begun, file.first_frame = form.begun, form.first_frame
            self._artifacts.take(file, content)
            found.append(file)
        return found

    def answered(self, m: Any, i: int, exchange: Any, number: int, *, refused: bool) -> None:
        """The request with this number was answered: its files were taken, or refused."""
        for one in [pair for pair in exchange.brought if pair[0] == number]:
            exchange.brought.remove(one)
            self._artifacts.end(one[1], m, i, refused=refused)
