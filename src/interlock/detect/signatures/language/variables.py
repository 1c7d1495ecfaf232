"""What the variables of a rule's head mean, and heads with their meaning put in.

The defaults are those of Suricata's configuration, and in the same way for control protocols that it has none for.
Source: Suricata user guide, "suricata.yaml", section "Rule-vars".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.detect.signatures.language.header import address_range, port_range, read_term
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.spans import Spans
from interlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from interlock.detect.signatures.language.header import Header, Term

__all__ = ["ADDRESSES", "DEFAULT", "PORTS", "Ends", "Meant", "Variables", "read_variables"]

_MOST_DEPTH: Final = 8
_GIVEN: Final = re.compile(r"\$?([A-Za-z]\w*)\s*[=:]\s*(?:\"([^\"]*)\"|'([^']*)'|(.*?))\s*(?:#\s*(.*))?")
_SECTIONS: Final = {"vars": None, "address-groups": False, "port-groups": True}
DEFAULT: Final = "a default"
_ALL_PORTS: Final = Spans.of([(0, 65_535)])
_FAMILIES: Final = (Spans.of([(0, (1 << 32) - 1)]), Spans.of([(1 << 32, (1 << 32) + (1 << 128) - 1)]))
"""IPv4, IPv6."""
_ALL_ADDRESSES: Final = _FAMILIES[0] | _FAMILIES[1]

ADDRESSES: Final[dict[str, str]] = {
    "HOME_NET": "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]",
    "EXTERNAL_NET": "!$HOME_NET",
    "AIM_SERVERS": "$EXTERNAL_NET",
    **dict.fromkeys(
        (
            "HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "DC_SERVERS",
            "DNP3_SERVER", "DNP3_CLIENT", "MODBUS_SERVER", "MODBUS_CLIENT", "ENIP_SERVER", "ENIP_CLIENT",
            "BACNET_SERVER", "BACNET_CLIENT", "FINS_SERVER", "FINS_CLIENT", "MODICON_SERVER", "MODICON_CLIENT",
            "S7_SERVER", "S7_CLIENT",
        ),
        "$HOME_NET",
    ),
}  # fmt: skip
PORTS: Final[dict[str, str]] = {
    "HTTP_PORTS": "80",
    "SHELLCODE_PORTS": "!80",
    "ORACLE_PORTS": "1521",
    "SSH_PORTS": "22",
    "DNP3_PORTS": "20000",
    "MODBUS_PORTS": "502",
    "ENIP_PORTS": "44818",
    "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]",
    "FTP_PORTS": "21",
    "VXLAN_PORTS": "4789",
}


@dataclass(frozen=True, slots=True)
class Ends:
    """Who a rule is about: addresses and ports of source and target as numbers.

    negated: addresses are said by what they are not, somewhere in them.
    """

    sources: Spans
    source_ports: Spans
    targets: Spans
    target_ports: Spans
    negated: bool = False

    @property
    def of_addresses_alone(self) -> bool:
        """Whether any port will do."""
        return self.source_ports == _ALL_PORTS == self.target_ports


class Meant(NamedTuple):
    """What a variable means, as rules write it, and where that is from."""

    name: str
    term: str
    source: str


class Variables:
    """Names → meaning; ends of heads are kept, since thousands of rules share a few."""

    def __init__(
        self,
        addresses: Mapping[str, str] = ADDRESSES,
        ports: Mapping[str, str] = PORTS,
        sources: Mapping[str, str] | None = None,
        *,
        apart: bool = False,
    ) -> None:
        """addresses, ports: name without $ → term as rules write it. sources: name → who says so, where not we do.

        apart: what is said by what it is not is of the versions of IP that are named so (`!10.0.0.1` is no address of
        IPv6), as in Suricata (src/detect-engine-address.c); else of both.
        """
        self._addresses = addresses
        self._ports = ports
        self._sources = sources or {}
        self._apart = apart
        self._used: set[tuple[str, bool]] = set()
        self._known: dict[tuple[Term, bool], Spans] = {}

    def as_suricata(self) -> Variables:
        """The same, with each version of IP apart."""
        return Variables(self._addresses, self._ports, self._sources, apart=True)

    def ends(self, header: Header) -> Ends:
        """A head's addresses and ports. Raises RuleError where a variable has no meaning, or nothing is left."""
        return Ends(
            sources=self._spans(header.sources, ports=False),
            source_ports=self._spans(header.source_ports, ports=True),
            targets=self._spans(header.targets, ports=False),
            target_ports=self._spans(header.target_ports, ports=True),
            negated=self._says_not(header.sources) or self._says_not(header.targets),
        )

    def _says_not(self, term: Term, depth: int = 0) -> bool:
        """Whether a term of addresses, or what a variable in it means, is negated somewhere."""
        if term.negated or any(self._says_not(part, depth) for part in term.parts):
            return True
        meant = self._addresses.get(term.leaf[1:]) if term.leaf.startswith("$") else None
        if meant is None or depth >= _MOST_DEPTH:
            return False
        return self._says_not(read_term(meant, ports=False), depth + 1)

    def term(self, name: str, *, ports: bool) -> str | None:
        """What a variable means, as rules write it; None where it has no meaning."""
        return (self._ports if ports else self._addresses).get(name)

    def used(self) -> Iterator[Meant]:
        """Each variable that heads of rules named so far, themselves or within others."""
        for name, ports in sorted(self._used):
            term = (self._ports if ports else self._addresses)[name]
            yield Meant(name, term, self._sources.get(name, DEFAULT))

    def addresses(self, term: Term) -> Spans:
        """What a term of addresses stands for. Raises RuleError."""
        return self._spans(term, ports=False)

    def _spans(self, term: Term, *, ports: bool) -> Spans:
        key = (term, ports)
        if key not in self._known:
            found = self._resolve(term, ports=ports, depth=0)
            if not found:
                raise RuleError("header", f"{term.words()} leaves no {'port' if ports else 'address'}")
            self._known[key] = found
        return self._known[key]

    def _resolve(self, term: Term, *, ports: bool, depth: int) -> Spans:
        """What a term stands for: of lists, all that is named but what is negated within them."""
        if term.parts:
            found = Spans()
            for part in term.parts:
                if not part.negated:
                    found |= self._resolve(part, ports=ports, depth=depth)
            named = [part for part in term.parts if part.negated]
            found = self._without(found, named, ports=ports, depth=depth)
        elif term.leaf == "any":
            found = _ALL_PORTS if ports else _ALL_ADDRESSES
        elif term.leaf.startswith("$"):
            found = self._variable(term.leaf, ports=ports, depth=depth)
        else:
            read: Callable[[str], tuple[int, int]] = port_range if ports else address_range
            found = Spans.of([read(term.leaf)])
        return self._but(Spans(), found, ports=ports) if term.negated else found

    def _without(self, found: Spans, named: Sequence[Term], *, ports: bool, depth: int) -> Spans:
        """What is named in a list, but what is negated in it."""
        out = Spans()
        for part in named:
            out |= self._resolve(replace(part, negated=False), ports=ports, depth=depth)
        return self._but(found, out, ports=ports) if named else found

    def _but(self, found: Spans, out: Spans, *, ports: bool) -> Spans:
        """What is found without what is out; where nothing is found, all but that."""
        if ports or not self._apart:
            whole = _ALL_PORTS if ports else _ALL_ADDRESSES
            return (found or whole) - out
        for family in _FAMILIES:
            if not _both(found, family) and _both(out, family):
                found |= family
        return found - out

    def _variable(self, leaf: str, *, ports: bool, depth: int) -> Spans:
        text = (self._ports if ports else self._addresses).get(leaf[1:])
        if text is None:
            raise RuleError(
                "header", f"{leaf} has no meaning here; give it one in variables.conf beside the rules"
            )
        if depth >= _MOST_DEPTH:
            raise RuleError("header", f"{leaf} names itself")
        self._used.add((leaf[1:], ports))
        return self._resolve(read_term(text, ports=ports), ports=ports, depth=depth + 1)


def read_variables(texts: Sequence[tuple[str, str]], site: Sequence[tuple[str, str]] = ()) -> Variables:
    """What people say that variables mean, before our defaults; texts: a file's name, and what it says.

    One a line, as `HOME_NET = [10.1.0.0/16,!10.1.9.0/24]`, or as the section `vars` of Suricata's configuration.
    Names that end with _PORTS, or stand below port-groups, are ports. site: the same, made of site files, with what
    says so behind a #; it holds where nobody says otherwise. Raises ConfigError, which names file and line.
    """
    addresses, ports, sources = dict(ADDRESSES), dict(PORTS), {}
    for file, text, made in (*((*one, True) for one in site), *((*one, False) for one in texts)):
        for place, name, term, of_ports, said in _given(file, text):
            (ports if of_ports else addresses)[name] = _checked(term, place, name, ports=of_ports)
            sources[name] = f"{file}: {said}" if made else place
    variables = Variables(addresses, ports, sources)
    for name in addresses:
        _checked_meaning(variables, name)
    return Variables(addresses, ports, sources)


def _both(one: Spans, other: Spans) -> bool:
    """Whether they share a number."""
    return one - other != one


def _given(file: str, text: str) -> Iterator[tuple[str, str, str, bool, str]]:
    """Place, name, term, whether it is of ports, and what is said behind it, of each line that says one."""
    section: bool | None = None
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if said.endswith(":") and said[:-1] in _SECTIONS:
            section = _SECTIONS[said[:-1]]
            continue
        found = _GIVEN.fullmatch(said)
        if not found:
            raise ConfigError(
                f"{file}:{number}:1: expected a name, = and addresses or ports; found {said[:60]!r}"
            )
        name = found.group(1)
        term = (found.group(2) or found.group(3) or found.group(4) or "").replace(" ", "")
        of_ports = name in PORTS or name.endswith(("_PORTS", "_PORT")) if section is None else section
        yield f"{file}:{number}", name, term, of_ports, found.group(5) or ""


def _checked(term: str, place: str, name: str, *, ports: bool) -> str:
    try:
        read_term(term, ports=ports)
    except RuleError as error:
        raise ConfigError(f"{place}:1: {name}: {error.reason}") from error
    return term


def _checked_meaning(variables: Variables, name: str) -> None:
    try:
        variables.addresses(read_term(f"${name}", ports=False))
    except RuleError as error:
        raise ConfigError(f"variables of signatures: {name}: {error.reason}") from error
