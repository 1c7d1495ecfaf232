"""How an association is made and ended: what presentation and ACSE PDUs say, as rows of mms_associations.

Source: ISO 8823-1 clause 8; ISO 8650-1 clause 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.logins import begin, end
from interlock.decode.protocols.mms.pdus import association, shown
from interlock.decode.protocols.mms.session import ABORT, EVENTS, REFUSE, Spdu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlock.decode.protocols.mms.state import Association

__all__ = ["Acse"]

MECHANISM: Final = "2.2.3.1"
"""The authentication mechanism of ACSE whose value is a password (ISO 8650-1 annex B)."""
ENDS: Final = ("calling", "called")


class Acse:
    """Reads what carries MMS; `facts` take what it says."""

    def __init__(self, facts: Any) -> None:
        self._facts = facts

    def presentation(self, octets: bytes, spdu: Spdu, row: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
        """The PDUs that a session PDU's user data carry: (tag, content); row: what the session says already.

        Raises DecodeError.
        """
        row["event"] = EVENTS[spdu.kind]
        for name, selector in zip(ENDS, (spdu.calling, spdu.called), strict=True):
            row[f"{name}_session_selector"] = None if selector is None else selector.hex()
        if spdu.reason is not None:
            row["reason"] = spdu.reason
        if spdu.start >= spdu.stop:
            return
        first = octets[spdu.start]
        module = association()
        if first in (0x60, 0x61):
            data = module["User-Data"].whole(octets, spdu.start, spdu.stop)
        elif spdu.kind == ABORT:
            kind, value = module["Abort-PPDU"].whole(octets, spdu.start, spdu.stop)
            row["reason"] = value.get("provider-reason") if kind == "provider" else None
            data = value.get("user-data")
        else:
            normal = self._connect(octets, spdu)
            self._selectors(normal, row)
            data = normal.get("user-data")
        yield from _values(data)

    @staticmethod
    def _connect(octets: bytes, spdu: Spdu) -> dict[str, Any]:
        """The normal mode parameters: a reject PDU has no mode before them."""
        module = association()
        if spdu.kind == REFUSE and octets[spdu.start] == 0x30:
            found: dict[str, Any] = module["Normal-Mode"].whole(octets, spdu.start, spdu.stop)
            return found
        whole = module["Connect-PPDU"].whole(octets, spdu.start, spdu.stop)
        normal: dict[str, Any] = whole.get("normal-mode-parameters", {})
        return normal

    @staticmethod
    def _selectors(normal: dict[str, Any], row: dict[str, Any]) -> None:
        for name in ENDS:
            selector = normal.get(f"{name}-presentation-selector")
            if name == "called" and selector is None:
                selector = normal.get("responding-presentation-selector")
            row[f"{name}_presentation_selector"] = None if selector is None else selector.hex()
        contexts = normal.get("context-definition-list")
        if contexts:
            row["abstract_syntaxes"] = ",".join(
                c["abstract-syntax"] for c in contexts if "abstract-syntax" in c
            )
        if "provider-reason" in normal:
            row["reason"] = normal["provider-reason"]

    def apdu(
        self, m: Any, i: int, state: Association, tag: int, content: bytes, row: dict[str, Any]
    ) -> list[Any]:
        """Read an ACSE PDU into the row; the PDUs of MMS that it carries: (tag, content)."""
        kind, value = association()["ACSE-apdu"].read(content, tag, 0, len(content), 0)
        row["acse"] = kind
        if kind == "aarq":
            self._titles(value, row, ENDS)
            self._login(m, i, state, value)
        elif kind == "aare":
            self._titles(value, row, ("responding",))
            row["result"] = value.get("result")
            diagnostic = value.get("result-source-diagnostic")
            row["reason"] = diagnostic[1] if diagnostic and value.get("result") else None
            if state.login is not None:
                end(self._facts, state.login, "refused" if value.get("result") else "ok")
                state.login = None
        elif kind == "abrt":
            row["reason"] = value.get("abort-diagnostic", value.get("abort-source"))
        else:
            row["reason"] = value.get("reason")
        return [
            part["encoding"][1]
            for part in value.get("user-information", ())
            if part.get("encoding", ("", None))[0] == "single-ASN1-type"
        ]

    @staticmethod
    def _titles(value: dict[str, Any], row: dict[str, Any], ends: tuple[str, ...]) -> None:
        row["application_context"] = value.get("aSO-context-name")
        row["mechanism"] = value.get("mechanism-name")
        for name in ends:
            ours = "called" if name == "responding" else name
            row[f"{ours}_ap_title"] = shown(value.get(f"{name}-AP-title"))
            row[f"{ours}_ae_qualifier"] = shown(value.get(f"{name}-AE-qualifier"))

    def _login(self, m: Any, i: int, state: Association, value: dict[str, Any]) -> None:
        """An authentication value in clear; certificates (external, other mechanisms) are no secret."""
        if "calling-authentication-value" not in value:
            return
        kind, secret = value["calling-authentication-value"]
        if kind not in ("charstring", "bitstring") or value.get("mechanism-name", MECHANISM) != (MECHANISM):
            return
        octets = secret if isinstance(secret, bytes) else secret.encode("ascii")
        state.login = begin(self._facts, m, i, "mms", "password", None, octets)


def _values(data: tuple[str, Any] | None) -> Iterator[tuple[int, bytes]]:
    """The single ASN.1 types in presentation user data."""
    if data is None or data[0] != "fully-encoded":
        return
    for part in data[1]:
        kind, value = part.get("values", ("", None))
        if kind == "single-ASN1-type":
            yield value
