"""MMS, as IEC 61850 and ICCP use it: what its session, its association and its services say.

    TPKT and COTP (decoded by protocols/s7comm, which hands over complete user data)
    session SPDU  01 00 01 00 | presentation 61 … 30 … 02 01 n a0 … | MMSpdu [0] to [13]

The association's own PDUs become rows of mms_associations; every PDU of MMS is an operation or the answer of one.
Source: ISO 8327-1, ISO 8823-1, ISO 8650-1; ISO 9506-2; IEC 61850-8-1.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.decoder import Decoder
from interlock.decode.protocols.mms.acse import Acse
from interlock.decode.protocols.mms.ber import element, integer_of
from interlock.decode.protocols.mms.exchange import CANCEL, CONCLUDE, INITIATE, Exchange
from interlock.decode.protocols.mms.pdus import mms, presentation_data
from interlock.decode.protocols.mms.services import error_code, reject_code
from interlock.decode.protocols.mms.session import (
    ABORT,
    DATA,
    REFUSE,
    begins_session,
    is_bare_mms,
    read_spdu,
)
from interlock.decode.protocols.mms.state import Association
from interlock.decode.protocols.mms.tables import ASSOCIATIONS, REPORTS
from interlock.decode.protocols.s7comm.recognition import tpkt_framer
from interlock.decode.spec import ProtocolSpec
from interlock.errors import DecodeError

__all__ = ["SPEC", "Mms"]

REFUSED: Final = 2
NONE: Final = -(1 << 31)
REJECT: Final = 516
_NEGOTIATED: Final = {
    "local_detail": ("localDetailCalling", "localDetailCalled"),
    "calling_outstanding": ("proposedMaxServOutstandingCalling", "negociatedMaxServOutstandingCalling"),
    "called_outstanding": ("proposedMaxServOutstandingCalled", "negociatedMaxServOutstandingCalled"),
    "nesting": ("proposedDataStructureNestingLevel", "negociatedDataStructureNestingLevel"),
}
_INITIATED: Final = {
    "mms_version": ("proposedVersionNumber", "negociatedVersionNumber"),
    "parameters": ("proposedParameterCBB", "negociatedParameterCBB"),
    "services": ("servicesSupportedCalling", "servicesSupportedCalled"),
}


class Mms(Decoder):
    """Rides on COTP: `begins` and `receive` are what the decoder of COTP asks of it."""

    def __init__(self, spec: Any, tools: Any) -> None:
        Decoder.__init__(self, spec, tools)
        self.acse = Acse(self.facts)
        self.exchange = Exchange(self, tools)
        self.pdu = mms()["MMSpdu"]

    def begins(self, octets: bytes) -> bool:
        """Whether user data of a transport connection show it to be MMS's."""
        return begins_session(octets) or is_bare_mms(octets)

    def receive(self, m: Any, i: int, out: Any, slot: int, state: Any) -> Association:
        """Decode the user data at the cursor; state: what the last call for this flow gave back, None at first.

        Raises DecodeError.
        """
        association: Association = Association() if state is None else state
        base = self.cursor.offset()
        octets = self.cursor.rest()
        try:
            if octets[:4] == b"\x01\x00\x01\x00":
                for _, start, stop in presentation_data(octets, 4, len(octets)):
                    self._value(m, i, out, association, octets, start, stop)
            elif octets[0] & 0xC0 == 0x80:
                row: dict[str, Any] = {}
                self._pdu(m, i, out, association, octets, 0, len(octets), row)
                if row:
                    self.facts.detail("mms_associations", m, i, {"event": "initiate", **row})
            else:
                self._session(m, i, out, association, octets)
        except DecodeError as error:
            raise DecodeError(error.oddity, base + error.offset) from error
        return association

    def _session(self, m: Any, i: int, out: Any, association: Association, octets: bytes) -> None:
        spdu = read_spdu(octets)
        if spdu.kind == DATA:
            for _, start, stop in presentation_data(octets, spdu.start, spdu.stop):
                self._value(m, i, out, association, octets, start, stop)
            return
        row: dict[str, Any] = {}
        try:
            for tag, content in self.acse.presentation(octets, spdu, row):
                self._carried(m, i, out, association, tag, content, row)
        finally:
            if spdu.kind in (REFUSE, ABORT) or row.get("result"):
                self._refused(m, i, out, row)
            self.facts.detail("mms_associations", m, i, row)

    def _value(
        self, m: Any, i: int, out: Any, association: Association, octets: bytes, start: int, stop: int
    ) -> None:
        """One presentation data value: a PDU of MMS or of ACSE, by the class of its tag."""
        if start >= stop:
            raise DecodeError("truncated", start)
        if octets[start] & 0xC0 == 0x80:
            self._pdu(m, i, out, association, octets, start, stop, {})
            return
        tag, inner, end, _ = element(octets, start, stop)
        row: dict[str, Any] = {"event": "data"}
        self._carried(m, i, out, association, tag, octets[inner:end], row)
        self.facts.detail("mms_associations", m, i, row)

    def _carried(
        self,
        m: Any,
        i: int,
        out: Any,
        association: Association,
        tag: int,
        content: bytes,
        row: dict[str, Any],
    ) -> None:
        if tag & 0xC0 == 0x40:
            for inner, octets in self.acse.apdu(m, i, association, tag, content, row):
                self._read(m, i, out, association, octets, (inner, 0, len(octets)), row)
        else:
            self._read(m, i, out, association, content, (tag, 0, len(content)), row)

    def _refused(self, m: Any, i: int, out: Any, row: dict[str, Any]) -> None:
        """An initiate that the layers below refuse is answered by them."""
        answered = out.answer(m, i, INITIATE << 32)
        if answered >= 0:
            reason = row.get("reason")
            out.settle(answered, REFUSED, NONE if reason is None else reason & 0x7FFFFFFF)

    def _pdu(
        self,
        m: Any,
        i: int,
        out: Any,
        association: Association,
        octets: bytes,
        start: int,
        stop: int,
        row: dict[str, Any],
    ) -> None:
        tag, inner, end, _ = element(octets, start, stop)
        self._read(m, i, out, association, octets, (tag, inner, end), row)

    def _read(
        self,
        m: Any,
        i: int,
        out: Any,
        association: Association,
        octets: bytes,
        place: tuple[int, int, int],
        row: dict[str, Any],
    ) -> None:
        """One PDU of MMS; where it cannot be read whole, its outline still makes a row."""
        tag, start, stop = place
        try:
            kind, body = self.pdu.read(octets, tag, start, stop, 0)
        except DecodeError as error:
            self._outline(m, i, out, octets, place)
            self.facts.oddity(m, i, "mms", error.oddity, self.cursor.offset() - len(octets) + error.offset)
            return
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, m, i, out, association, body)
        if kind in ("initiate-RequestPDU", "initiate-ResponsePDU"):
            _initiated(body, row)

    def _outline(self, m: Any, i: int, out: Any, octets: bytes, place: tuple[int, int, int]) -> None:
        """Invoke id and service of a confirmed PDU whose rest breaks the rules."""
        tag, at, stop = place
        try:
            first, start, end, at = element(octets, at, stop)
            invoke = integer_of(octets[start:end]) & 0xFFFFFFFF
            if tag == 0xA2 & 0xDF and first == 0x80:
                self.exchange.failed(m, i, out, invoke, NONE)
                return
            if first != 2 or tag not in (0x80, 0x81):
                return
            first, _, _, following = element(octets, at, stop)
            if first == 0x10 and tag == 0x80:
                first = element(octets, following, stop)[0]
        except DecodeError:
            return
        service = (first >> 8 or first & 0x1F) if first & 0xC0 == 0x80 else NONE
        self.exchange.outline(m, i, out, service, invoke, asks=tag == 0x80)

    def _initiate(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        slot = m.flow[i]
        if not self.flows.oriented[slot]:
            self.flows.orient(slot, m.side[i])
        out.set_transaction(out.ask(m, i, self.f, INITIATE, INITIATE << 32), -1)

    def _initiated(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        self.exchange.closed(m, i, out, INITIATE, -1)

    def _initiate_error(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        out.settle(self.exchange.closed(m, i, out, INITIATE, -1), REFUSED, error_code(body))

    def _request(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        self.exchange.request(m, i, out, association, body)

    def _response(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        self.exchange.response(m, i, out, association, body)

    def _error(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        invoke = body.get("invokeID", 0) & 0xFFFFFFFF
        self.exchange.failed(m, i, out, invoke, error_code(body.get("serviceError", {})))

    def _unconfirmed(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        self.exchange.unconfirmed(m, i, out, association, body)

    def _reject(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        """A rejected request is refused; what else is rejected makes a row of its own."""
        code = reject_code(body.get("rejectReason", ("pdu-error", 0)))
        invoke = body.get("originalInvokeID")
        row = -1 if invoke is None else out.answer(m, i, invoke & 0xFFFFFFFF)
        if row < 0:
            row = out.tell(m, i, self.f, REJECT)
            if invoke is not None:
                out.set_transaction(row, invoke & 0xFFFFFFFF)
            out.settle(row, 4, code)
            return
        out.notes.pop(out.operation_of(row), None)
        out.settle(row, REFUSED, code)

    def _cancel(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        invoke = body & 0xFFFFFFFF
        out.set_transaction(out.ask(m, i, self.f, CANCEL, CANCEL << 32 | invoke), invoke)

    def _cancelled(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        self.exchange.closed(m, i, out, CANCEL, body & 0xFFFFFFFF)

    def _cancel_error(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        row = self.exchange.closed(m, i, out, CANCEL, body.get("originalInvokeID", 0) & 0xFFFFFFFF)
        out.settle(row, REFUSED, error_code(body.get("serviceError", {})))

    def _conclude(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        out.set_transaction(out.ask(m, i, self.f, CONCLUDE, CONCLUDE << 32), -1)

    def _concluded(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        self.exchange.closed(m, i, out, CONCLUDE, -1)

    def _conclude_error(self, m: Any, i: int, out: Any, association: Association, body: Any) -> None:
        out.settle(self.exchange.closed(m, i, out, CONCLUDE, -1), REFUSED, error_code(body))


def _initiated(body: dict[str, Any], row: dict[str, Any]) -> None:
    """What an initiate proposes or agrees on, into the association's row."""
    detail = body.get("mmsInitRequestDetail") or body.get("mmsInitResponseDetail") or {}
    for found, names in ((body, _NEGOTIATED), (detail, _INITIATED)):
        for ours, theirs in names.items():
            row[ours] = next((found[name] for name in theirs if name in found), None)


_HANDLERS: Final = {
    "confirmed-RequestPDU": Mms._request,  # noqa: SLF001 (the class's own table)
    "confirmed-ResponsePDU": Mms._response,  # noqa: SLF001
    "confirmed-ErrorPDU": Mms._error,  # noqa: SLF001
    "unconfirmed-PDU": Mms._unconfirmed,  # noqa: SLF001
    "rejectPDU": Mms._reject,  # noqa: SLF001
    "cancel-RequestPDU": Mms._cancel,  # noqa: SLF001
    "cancel-ResponsePDU": Mms._cancelled,  # noqa: SLF001
    "cancel-ErrorPDU": Mms._cancel_error,  # noqa: SLF001
    "initiate-RequestPDU": Mms._initiate,  # noqa: SLF001
    "initiate-ResponsePDU": Mms._initiated,  # noqa: SLF001
    "initiate-ErrorPDU": Mms._initiate_error,  # noqa: SLF001
    "conclude-RequestPDU": Mms._conclude,  # noqa: SLF001
    "conclude-ResponsePDU": Mms._concluded,  # noqa: SLF001
    "conclude-ErrorPDU": Mms._conclude_error,  # noqa: SLF001
}


def _no_probe(octets: bytes, hint: Any) -> int:
    """What rides on COTP is never asked about a flow's first octets."""
    return 0


SPEC = ProtocolSpec(
    name="mms",
    names=("mms",),
    probe=_no_probe,
    decoder=Mms,
    tcp=frozenset({102}),
    framer=tpkt_framer,
    details=(ASSOCIATIONS, REPORTS),
    control=True,
    rides_on="cotp",
)
