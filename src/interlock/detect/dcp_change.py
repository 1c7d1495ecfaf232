"""A PROFINET device's name or address changed by DCP."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.gate import Deed
from interlock.detect.techniques import named as names_of
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally
    from interlock.records.vocabulary import Severity

__all__ = ["DcpChange"]


_ENDS: Final = {"pending": "not answered yet"}


class DcpChange(CauseDetector):
    """One finding per sender and device."""

    name: ClassVar[str] = "dcp-change"
    early: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "operation", "time", "frame", "response_frame", "client", "server"),
            *("flow", "protocol", "verb", "object", "outcome"),
        )
    }

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Count DCP Set requests."""
        mask = batch.among("protocol", ("profinet-dcp",)) & batch.among("verb", ("configure",))
        if not mask.any():
            return
        hits = batch.take(mask)
        groups = hits.groups("source", "realm", "client", "server", "outcome")
        for group, (source, realm, client, server, outcome) in groups:
            key = (realm or "", client or "", server or "")
            for tally, rows in self.counting(key, outcome, hits, groups.rows(group)):
                tally.add_rows(source or "", hits, rows)
                tally.note("outcome", outcome or "unknown", len(rows))
                tally.note_rows("object", hits, rows)
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict:
        """Grave where the name changes, less where an IO controller gives its device an address."""
        # Over 40 lines: most of it is the text of one verdict.
        realm, client, server = key
        objects = list(tally.noted("object"))
        named = context.site.engineering_station(realm, client, server) is not None
        controller = context.role(realm, client) == "plc"
        window = context.site.maintenance(realm, server, tally.first)
        ends = tally.noted("outcome")
        outcomes = ", ".join(f"{n} {_ENDS.get(outcome, outcome)}" for outcome, n in ends.items())
        by, at = context.name(realm, client), context.name(realm, server)
        return Verdict(
            realm=realm,
            machines=(client, server),
            cause="name or address",
            kind="change" if named or controller else "alert",
            severity=_severity(objects, expected=named or window is not None, controller=controller),
            confidence=0.9,
            title=f"{by} set {_what(objects)} of {at} by DCP"
            if "ok" in ends
            else f"{by} asked {at} to change {_what(objects)} by DCP",
            seen=f"Seen {counted(tally.count, 'DCP Set request')} on "
            f"{', '.join(objects[:5]) or 'options not named'} (outcomes: {outcomes})."
            + (" The sender is a named engineering station." if named else "")
            + (
                " The sender is a controller, which gives its devices addresses when it starts."
                if controller
                else ""
            )
            + (" It happened inside a maintenance window or work order." if window else ""),
            matters="A PROFINET controller finds its devices by name: renamed or readdressed, a device "
            "drops out of the cyclic exchange, its outputs go to their substitute values and the machine "
            "stops. DCP asks nobody for proof, any machine on the wire can do it.",
            silent="Silent where names and addresses are only asked for (Identify, Get); milder for a "
            "named engineering station, inside a maintenance window, and for addresses that a controller "
            "hands out.",
            actions=_ACTIONS,
            techniques=names_of("renamed-device"),
            requirements=(
                *("IEC 62443-3-3 SR 2.1", "IEC 62443-3-3 SR 1.2", "IEC 62443-3-3 SR 7.6"),
                "NIS2 Art. 21(2)(e)",
            ),
            data=tuple((kind, ", ".join(tally.noted(kind))[:500]) for kind in sorted(tally.words)),
            deed=Deed(realm=realm, stations=(client,), machines=(server,), verbs=("configure",)),
        )


def _touches(objects: list[str], word: str) -> bool:
    return any(word in o.lower() for o in objects)


def _what(objects: list[str]) -> str:
    words = [text for word, text in (("name", "the name"), ("ip", "the address")) if _touches(objects, word)]
    return " and ".join(words) or "name, address or other options"


def _severity(objects: list[str], *, expected: bool, controller: bool) -> Severity:
    if expected:
        return "low"
    if controller:  # it names a device from the shelf itself: replacement without an engineering tool
        return "medium" if _touches(objects, "name") else "low"
    only_address = bool(objects) and not _touches(objects, "name")
    return "medium" if only_address else "high"


_ACTIONS: Final = (
    Action(
        text="Compare the device's name and address with the project and set them back with the "
        "engineering tool.",
        risk="Setting a name on a running device breaks its connection: do it when the machine stands.",
    ),
    Action(
        text="Find the sender by its MAC at the switch; where switches can, let DCP Set pass from the "
        "engineering port only.",
        risk="A controller that may no longer send DCP cannot start its devices: leave its port open.",
    ),
)
