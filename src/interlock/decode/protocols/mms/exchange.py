"""Confirmed services and reports: requests to rows, answers to outcomes, values, and facts.

Source: ISO 9506-2; IEC 61850-8-1 clauses 10 to 23.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.logins import Names
from interlock.decode.protocols.mms.blocks import blocks_of
from interlock.decode.protocols.mms.iec61850 import (
    CONTROL_ERROR,
    REPORT,
    control_error,
    control_shape,
    datum_of,
    origin_of,
    read_report,
    shape_of,
    verb_of_item,
)
from interlock.decode.protocols.mms.pdus import mms, numbers
from interlock.decode.protocols.mms.services import objects_of, variables_of
from interlock.decode.protocols.mms.state import MAX_MEMBERS, keep
from interlock.decode.protocols.mms.transfers import Loads
from interlock.decode.protocols.mms.writer import Writer
from interlock.errors import DecodeError
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from interlock.decode.protocols.mms.state import Association

__all__ = ["CANCEL", "CONCLUDE", "INITIATE", "UNCONFIRMED", "Exchange"]

UNCONFIRMED: Final = 256
"""Functions of unconfirmed services begin here, those of whole PDUs at 512."""
CANCEL, INITIATE, CONCLUDE = 517, 520, 523
NONE: Final = -(1 << 31)
OK, REFUSED = 1, 2
WRITTEN, READ, REPORTED = 0, 1, 2
IDENTITY: Final = {
    "vendorName": ("vendor", 0.9),
    "modelName": ("product", 0.9),
    "revision": ("firmware", 0.9),
}


class Exchange:
    """Rows of one decoder's PDUs."""

    def __init__(self, decoder: Any, tools: Any) -> None:
        self._d = decoder
        self._f = decoder.f
        self._facts = tools.facts
        self._values = tools.values
        self._objects = tools.objects
        self._names = tools.names
        self._users = Names(tools.names)
        self._writer = Writer(tools, decoder.f.protocol_code)
        self._loads = Loads(tools)
        self._requests = numbers(mms(), "ConfirmedServiceRequest")
        self._responses = numbers(mms(), "ConfirmedServiceResponse")
        self._unconfirmed = numbers(mms(), "UnconfirmedService")
        self._services = {number: service for service, number in self._requests.items()}

    def request(self, m: Any, i: int, out: Any, association: Association, body: dict[str, Any]) -> None:
        """A confirmed request: an item for each object that it names."""
        invoke = body.get("invokeID", 0) & 0xFFFFFFFF
        if "confirmedServiceRequest" not in body:
            self._facts.oddity(m, i, "mms", "service-missing", m.length[i])
            self.outline(m, i, out, NONE, invoke, asks=True)
            return
        service, request = body["confirmedServiceRequest"]
        row = out.ask(m, i, self._f, self._requests[service], invoke)
        names = objects_of(service, request) or self._transfer(association, service, request)
        usual = out.verb_of(row)  # another item begins as the first one is by then
        for k, name in enumerate(names):
            at = out.more(row) if k else row
            out.set_object(at, self._objects.code(name), 1)
            if service in ("read", "write"):
                verb = verb_of_item(name, writes=service == "write")
                out.set_verb(at, usual if verb is None else VERBS.index(verb))
        out.notes[out.operation_of(row)] = names
        self._loads.asked(m, i, association, service, names, request, out.operation_of(row))
        if service == "write":
            self._written(m, i, out, row, names, request)
        elif service == "defineNamedVariableList" and names:
            keep(
                association.lists,
                names[0],
                variables_of(("listOfVariable", request.get("listOfVariable", [])))[:MAX_MEMBERS],
            )

    @staticmethod
    def _transfer(association: Association, service: str, request: Any) -> list[str]:
        """Names of transfers that go by a number; after its end the number is free."""
        if service in ("fileRead", "fileClose"):
            return [association.files.get(request, f"frsm:{request}")]
        if service in ("uploadSegment", "terminateUploadSequence"):
            return [association.uploads.get(request, f"ulsm:{request}")]
        return []

    def _written(self, m: Any, i: int, out: Any, row: int, names: list[str], request: dict[str, Any]) -> None:
        data = [datum_of(tree) for tree in request.get("listOfData", ())]
        is_list = request.get("variableAccessSpecification", ("", 0))[0] == "variableListName"
        if len(data) != len(names) and not is_list:
            self._facts.oddity(m, i, "mms", "results-mismatch", m.length[i])
        if not names:
            return
        shown = [f"{names[0]}[{k}]" for k in range(len(data))] if is_list else names
        for k, (name, value) in enumerate(zip(shown, data, strict=False)):
            shape = control_shape(name, len(value[1])) if isinstance(value[1], list) else None
            user = origin_of(value) if shape else None
            if user is not None and not is_list:
                out.set_user(row + k, self._users.code(user))
            if self._values.wanted:
                self._writer.write(m, i, out.operation_of(row), blocks_of([value], [name], [shape]), WRITTEN)

    def outline(self, m: Any, i: int, out: Any, service: int, invoke: int, *, asks: bool) -> None:
        """A confirmed PDU that could not be read: its service and pairing alone."""
        if asks:
            out.ask(m, i, self._f, service, invoke)
            return
        row = out.answer(m, i, invoke)
        if row < 0:
            out.orphan(m, i, self._f, service, invoke)
        else:
            out.notes.pop(out.operation_of(row), None)

    def closed(self, m: Any, i: int, out: Any, function: int, transaction: int) -> int:
        """The row of a whole PDU's request, answered; transaction: -1 where it has none."""
        key = function << 32 | max(transaction, 0)
        row: int = out.answer(m, i, key)
        if row < 0:
            row = out.orphan(m, i, self._f, function, key)
            out.set_transaction(row, transaction)
        return row

    def failed(self, m: Any, i: int, out: Any, invoke: int, code: int) -> None:
        """A confirmed error."""
        row = out.answer(m, i, invoke)
        if row < 0:
            row = out.orphan(m, i, self._f, NONE, invoke)
        names = out.notes.pop(out.operation_of(row), None)
        if names:
            self._loads.failed(m, i, self._services.get(out.function_of(row), ""), names)
        out.settle(row, REFUSED, code)

    def response(self, m: Any, i: int, out: Any, association: Association, body: dict[str, Any]) -> None:
        """A confirmed response: outcomes of its items, values, what it tells for later and about the server."""
        invoke = body.get("invokeID", 0) & 0xFFFFFFFF
        if "confirmedServiceResponse" not in body:
            self._facts.oddity(m, i, "mms", "service-missing", m.length[i])
            self.outline(m, i, out, NONE, invoke, asks=False)
            return
        service, response = body["confirmedServiceResponse"]
        function = self._responses[service]
        row = out.answer(m, i, invoke)
        names: list[str] = []
        if row < 0:
            row = out.orphan(m, i, self._f, function, invoke)
        else:
            names = out.notes.pop(out.operation_of(row), [])
            if out.function_of(row) != function:
                self._facts.oddity(m, i, "mms", "function-mismatch", m.length[i])
                return
        self._loads.answered(m, i, service, names, response)
        handler = _RESPONSES.get(service)
        if handler is not None:
            handler(self, m, i, out, association, row, names, response)

    def _read(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        results = response.get("listOfAccessResult", [])
        said = variables_of(response.get("variableAccessSpecification"))
        names = names or said
        if len(names) == 1 and (len(results) != 1 or names[0] in a.lists):
            shown = a.members(names[0], len(results))
        else:
            shown = names or [f"[{k}]" for k in range(len(results))]
        self._settle(m, i, out, row, names, [kind == "failure" and value for kind, value in results])
        self._results(m, i, out.operation_of(row), a, shown, results, READ)

    def _write(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        self._settle(m, i, out, row, names, [kind == "failure" and value for kind, value in response])

    def _settle(self, m: Any, i: int, out: Any, row: int, names: list[str], failures: list[Any]) -> None:
        """Outcomes of items: False, or the DataAccessError; a list of variables is refused where all of it is."""
        items = out.items_of(row)
        if items > 1 or len(names) > 1:
            if len(failures) != items:
                self._facts.oddity(m, i, "mms", "results-mismatch", m.length[i])
            for k, code in enumerate(failures[:items]):
                if code is not False:
                    out.settle_item(row, k, REFUSED, code & 0x7FFFFFFF)
        elif failures and all(code is not False for code in failures):
            out.settle(row, REFUSED, failures[0] & 0x7FFFFFFF)

    def _results(
        self,
        m: Any,
        i: int,
        operation: int,
        a: Association,
        names: list[str],
        results: list[Any],
        direction: int,
    ) -> None:
        if not self._values.wanted:
            return
        for name, (kind, value) in zip(names, results, strict=False):
            if kind == "success":
                self._writer.write(
                    m, i, operation, blocks_of([datum_of(value)], [name], [a.shape(name)]), direction
                )

    def _attributes(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        shape = shape_of(response["typeSpecification"]) if "typeSpecification" in response else None
        if shape is not None and names:
            keep(a.shapes, names[0], shape)

    def _list(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        if names:
            members = variables_of(("listOfVariable", response.get("listOfVariable", [])))
            keep(a.lists, names[0], members[:MAX_MEMBERS])

    def _identify(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        who = self._facts.sender(m, i)
        for field, (clue, sure) in IDENTITY.items():
            self._facts.clue(m, i, who, clue, response.get(field, "").strip("\x00 "), "mms", sure)

    def _opened(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        if names and "frsmID" in response:
            keep(a.files, response["frsmID"], names[0])

    def _uploads(
        self, m: Any, i: int, out: Any, a: Association, row: int, names: list[str], response: Any
    ) -> None:
        if names and "ulsmID" in response:
            keep(a.uploads, response["ulsmID"], names[0])

    def unconfirmed(self, m: Any, i: int, out: Any, association: Association, body: dict[str, Any]) -> None:
        """A report, an explained control, another informationReport, a status or an event: unsolicited."""
        if "unconfirmedService" not in body:
            raise DecodeError("service-missing", 0)
        service, value = body["unconfirmedService"]
        row = out.tell(m, i, self._f, UNCONFIRMED + self._unconfirmed[service])
        if service == "informationReport":
            self._information(m, i, out, association, row, value)
        elif service == "eventNotification":
            names = objects_of(service, value)
            if names:
                out.set_object(row, self._objects.code(names[0]), 1)

    def _information(self, m: Any, i: int, out: Any, a: Association, row: int, value: dict[str, Any]) -> None:
        names = variables_of(value.get("variableAccessSpecification"))
        results = value.get("listOfAccessResult", [])
        if names == [REPORT] and value["variableAccessSpecification"][0] == "variableListName":
            self._report(m, i, out, a, row, results)
            return
        operation = out.operation_of(row)
        if names[:1] == [CONTROL_ERROR] and results and results[0][0] == "success":
            self._explained(m, i, out, row, names, results)
        else:
            for k, name in enumerate(names):
                out.set_object(out.more(row) if k else row, self._objects.code(name), 1)
        is_list = value.get("variableAccessSpecification", ("", 0))[0] == "variableListName"
        self._results(
            m, i, operation, a, a.members(names[0], len(results)) if is_list else names, results, REPORTED
        )

    def _explained(self, m: Any, i: int, out: Any, row: int, names: list[str], results: list[Any]) -> None:
        """LastApplError: the control object, and why (AddCause) as the code."""
        found = control_error(datum_of(results[0][1]))
        if found is not None:
            out.set_object(row, self._objects.code(found[0]), 1)
            out.settle(row, 4, found[1] & 0x7FFFFFFF)
        out.set_name(row, self._names.code(CONTROL_ERROR))

    def _report(self, m: Any, i: int, out: Any, a: Association, row: int, results: list[Any]) -> None:
        try:
            report = read_report(results)
        except DecodeError as error:
            self._facts.oddity(m, i, "mms", error.oddity, m.length[i])
            return
        operation = out.operation_of(row)
        out.set_object(row, self._objects.code(report.rpt_id), len(report.members))
        base = report.data_set or report.rpt_id
        known = a.lists.get(base, [])
        if self._values.wanted:
            for index, reference, value, _ in report.members:
                name = reference or (known[index] if index < len(known) else f"{base}[{index}]")
                blocks = blocks_of([value], [name], [a.shape(name)])
                self._writer.write(m, i, operation, blocks, REPORTED, report.time)
        self._facts.detail(
            "mms_reports",
            m,
            i,
            {
                "operation": operation,
                "rpt_id": report.rpt_id,
                "data_set": report.data_set,
                "sequence": report.sequence,
                "time_of_entry": report.time,
                "overflow": report.overflow,
                "entry": report.entry,
                "revision": report.revision,
                "included": len(report.members),
                "reasons": ",".join(dict.fromkeys(reason for *_, reason in report.members if reason)) or None,
            },
        )


_RESPONSES: Final = {
    "read": Exchange._read,  # noqa: SLF001 (the class's own table)
    "write": Exchange._write,  # noqa: SLF001
    "getVariableAccessAttributes": Exchange._attributes,  # noqa: SLF001
    "getNamedVariableListAttributes": Exchange._list,  # noqa: SLF001
    "identify": Exchange._identify,  # noqa: SLF001
    "fileOpen": Exchange._opened,  # noqa: SLF001
    "initiateUploadSequence": Exchange._uploads,  # noqa: SLF001
}
