"""What the confirmed services are about: the objects that a request names.

Source: ISO 9506-2, the request of each service.
"""

from __future__ import annotations

from typing import Any, Final

from interlock.decode.protocols.mms.iec61850 import name_of

__all__ = ["MAX_OBJECTS", "error_code", "file_name", "objects_of", "reject_code", "variables_of"]

MAX_OBJECTS: Final = 1024
"""Objects of one request that become items of their own."""

_CLASSES: Final = ("namedVariable", "scatteredAccess", "namedVariableList", "namedType", "semaphore", "eventCondition",
                   "eventAction", "eventEnrollment", "journal", "domain", "programInvocation", "operatorStation",
                   "dataExchange", "accessControlList")  # fmt: skip
_FIELDS: Final = (
    "variableName", "scatteredAccessName", "listOfName", "variableListName", "listOfVariableListName", "typeName",
    "listOfTypeName", "operatorStationName", "semaphoreName", "domainName", "programInvocationName",
    "eventEnrollmentName", "eventConditionName", "eventActionName", "eventEnrollmentNames", "journalName", "fileName",
    "currentFileName", "destinationFile", "fileSpecification", "currentName", "specific", "ec", "ea",
)  # fmt: skip
"""Fields that name what a request is about, the first one that is there."""
_ERROR_CLASSES: Final = ("vmd-state", "application-reference", "definition", "resource", "service", "service-preempt",
                         "time-resolution", "access", "initiate", "conclude", "cancel", "file", "others")  # fmt: skip
_REJECTED: Final = ("confirmed-requestPDU", "confirmed-responsePDU", "confirmed-errorPDU", "unconfirmedPDU",
                    "pdu-error", "cancel-requestPDU", "cancel-responsePDU", "cancel-errorPDU", "conclude-requestPDU",
                    "conclude-responsePDU", "conclude-errorPDU")  # fmt: skip


def objects_of(service: str, request: Any) -> list[str]:
    """Names of what a request is about, at least one where it names anything."""
    if service in ("read", "write"):
        return variables_of(request.get("variableAccessSpecification"))
    if service == "getNameList":
        return [_listed(request)]
    if service == "getVariableAccessAttributes":
        return [_variable(request)]
    if service in ("uploadSegment", "terminateUploadSequence", "fileRead", "fileClose"):
        return []
    if isinstance(request, dict):
        for field in _FIELDS:
            if field in request:
                return _names(request[field])
        return []
    return _names(request)


def _names(value: Any) -> list[str]:
    """An ObjectName, an identifier, a file name, or a list of names."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        inner = value[1]
        if value[0] in ("vmd-specific", "domain-specific", "aa-specific"):
            return [name_of(value)]
        return _names(inner) if inner is not None else [value[0]]
    if isinstance(value, list):
        if all(isinstance(part, str) for part in value):
            return [file_name(value)]
        return [name for part in value[:MAX_OBJECTS] for name in _names(part)]
    return []


def file_name(parts: list[str]) -> str:
    """A FileName; what IEC 61850 sends is one part that is the whole path."""
    return "/".join(parts)


def _listed(request: dict[str, Any]) -> str:
    """Which names are asked for: `domain`, `namedVariable:IED1LD0`; `@` for those of the association."""
    number = request.get("extendedObjectClass", ("objectClass", -1))[1]
    kind = _CLASSES[number] if 0 <= number < len(_CLASSES) else f"class{number}"
    scope, value = request.get("objectScope", ("vmdSpecific", None))
    return {"domainSpecific": f"{kind}:{value}", "aaSpecific": f"{kind}:@"}.get(scope, kind)


def variables_of(specification: tuple[str, Any] | None) -> list[str]:
    """Names of the variables of an access: each of a list, or the one named list."""
    if specification is None:
        return []
    kind, value = specification
    if kind == "variableListName":
        return [name_of(value)]
    return [
        _variable(part.get("variableSpecification", ("invalidated", None)))
        + _selected(part.get("alternateAccess"))
        for part in value[:MAX_OBJECTS]
    ]


def _variable(specification: tuple[str, Any]) -> str:
    kind, value = specification
    if kind == "name":
        return name_of(value)
    if kind == "address":
        return _address(value)
    if kind == "variableDescription":
        return _address(value.get("address", ("numericAddress", "")))
    return kind


def _address(address: tuple[str, Any]) -> str:
    kind, value = address
    return f"address:0x{value.hex()}" if kind == "unconstrainedAddress" else f"address:{value}"


def _selected(access: list[Any] | None) -> str:
    """A part of a variable, as alternate access names it: `.component`, `[3]`, `[3+5]`."""
    if not access:
        return ""
    chosen = [value.get("accesst") if kind == "named" else value for kind, value in access if value]
    spelled = [_selection(selection) for selection in chosen if selection]
    if not spelled:
        return ""
    return spelled[0] if len(spelled) == 1 else f"{{{','.join(spelled)}}}"


def _selection(selection: tuple[str, Any]) -> str:
    kind, value = selection
    if kind == "selectAlternateAccess":
        return _part(value.get("accessSelection", ("allElements", None))) + _selected(
            value.get("alternateAccess")
        )
    return _part(value)


def _part(part: tuple[str, Any]) -> str:
    kind, value = part
    if kind == "component":
        return f".{value}"
    if kind == "index":
        return f"[{value}]"
    return f"[{value.get('lowIndex')}+{value.get('numberOfElements')}]" if kind == "indexRange" else "[*]"


def error_code(error: dict[str, Any]) -> int:
    """A ServiceError as one number: 256 x (number of its class + 1) + its code."""
    kind, code = error.get("errorClass", ("others", 0))
    return 256 * (_ERROR_CLASSES.index(kind) + 1) + (code & 0xFF)


def reject_code(reason: tuple[str, int]) -> int:
    """A reject reason as one number: 8192 + 256 x the number of the rejected PDU + its code."""
    kind, code = reason
    return 8192 + 256 * (_REJECTED.index(kind) + 1) + (code & 0xFF)
