"""Names that carry data: one machine asks for ever new, long names below one domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlock.detect.causes import CauseDetector, Verdict
from interlock.detect.gate import Deed
from interlock.detect.techniques import named
from interlock.detect.wording import counted
from interlock.records.finding import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlock.detect.batch import Batch
    from interlock.detect.interface import Context
    from interlock.detect.tally import Key, Tally

__all__ = ["NameTunnel"]

LONG: Final = 24
"""Letters before the domain: names of services and machines are shorter, or always the same."""
LEAST_NAMES: Final = 20
MANY_NAMES: Final = 64
"""Names of one client below one domain, and beyond how many it does not matter how many there are."""
MAX_PAIRS: Final = 5_000
_REVERSE: Final = ("in-addr.arpa", "ip6.arpa")
_LOCAL: Final = ("_tcp", "_udp", "_msdcs")


class NameTunnel(CauseDetector):
    """One finding per client and domain. Keys: realm, client, domain (the last two labels of the names)."""

    name: ClassVar[str] = "name-tunnel"
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "operations": (
            *("source", "realm", "time", "frame", "response_frame", "client", "server"),
            *("protocol", "object", "outcome", "item"),
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[Key, set[str]] = {}

    def absorb(self, batch: Batch, context: Context) -> Iterable[Key]:  # noqa: ARG002 - the interface's shape
        """Sort long names by client and domain."""
        asked = batch.among("protocol", ("dns",))
        if not asked.any():
            return
        rows = batch.take(asked & ~batch.among("outcome", ("pending",)))
        groups = rows.groups("source", "realm", "client", "server", "object")
        for group, (source, realm, client, server, name) in groups:
            domain = _carried(name or "")
            if domain is None:
                continue
            key = (realm or "", client or "", domain)
            if key not in self._names and len(self._names) >= MAX_PAIRS:
                continue
            names = self._names.setdefault(key, set())
            if len(names) < MANY_NAMES:
                names.add(name or "")
            tally = self.tallies[key]
            tally.add_group(source or "", groups, group)
            tally.note("server", server or "")
            yield key

    def judge(self, key: Key, tally: Tally, context: Context) -> Verdict | None:
        """Silent below a score of different names."""
        realm, client, domain = key
        names = self._names.get(key, set())
        if len(names) < LEAST_NAMES:
            return None
        many = f"{len(names)}" if len(names) < MANY_NAMES else f"{MANY_NAMES} or more"
        return Verdict(
            realm=realm,
            machines=(client,),
            others=tuple(tally.noted("server")),
            cause=domain,
            kind="alert",
            severity="high",
            confidence=0.8,
            title=f"{context.name(realm, client)} asks for {many} long names below {domain}, each of them once",
            seen=f"Seen {counted(tally.count, 'question')} for names like {min(names)[:80]}.",
            matters="Such names are letters in which data leave a plant and orders come in, through name servers that "
            "every firewall lets pass.",
            silent=f"Silent below {LEAST_NAMES} different names with {LONG} letters or more before their domain, and "
            "for addresses that are looked up backwards.",
            actions=_ACTIONS,
            techniques=named("names-that-carry"),
            requirements=(
                *("IEC 62443-3-3 SR 5.2", "IEC 62443-3-3 SR 6.2", "IEC 62443-3-3 SR 4.1"),
                "NIS2 Art. 21(2)(b)",
            ),
            data=(("domain", domain), ("names", ", ".join(sorted(names))[:500])),
            deed=Deed(realm=realm, stations=(client,), machines=(client,), verbs=("discover",)),
        )

    def own_state(self) -> Any:
        """Give the names."""
        return [[list(key), sorted(names)] for key, names in sorted(self._names.items())]

    def restore_own(self, state: Any) -> None:
        """Take them back."""
        self._names = {tuple(str(w) for w in key): {str(n) for n in names} for key, names in state}


def _carried(name: str) -> str | None:
    """Give the domain of a name that could carry data; None where it is an ordinary one."""
    name = name.rstrip(".").lower()
    labels = name.split(".")
    if len(labels) < 3 or name.endswith(_REVERSE) or any(label in _LOCAL for label in labels):
        return None
    domain = ".".join(labels[-2:])
    return domain if len(name) - len(domain) - 1 >= LONG else None


_ACTIONS: Final = (
    Action(
        text="Find the program on the client that asks for these names, and keep the machine for examination.",
        risk="None while only looking.",
    ),
    Action(
        text="Let cells ask only the plant's own name server, and that one only for the plant's names.",
        risk="Machines that need an outside name lose it: list the names first.",
    ),
)
