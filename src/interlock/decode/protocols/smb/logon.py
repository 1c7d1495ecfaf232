"""What NTLM's messages tell about machines and accounts, as clues; for every protocol that carries them.

A CHALLENGE says who the server is, an AUTHENTICATE who the client says logs in. Whether the login succeeded is
told by the carrier's answer, so the account is a clue only then. Source: MS-NLMP clauses 2.2.1.2, 2.2.1.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.decode.protocols.smb.ntlm import AUTHENTICATE, CHALLENGE, read_ntlm
from interlock.decode.protocols.smb.windows import windows_of

if TYPE_CHECKING:
    from interlock.decode.protocols.smb.ntlm import Ntlm

__all__ = ["say_account", "say_challenge", "say_login"]


def say_challenge(facts: Any, m: Any, i: int, octets: bytes, protocol: str) -> None:
    """Message i comes from a server; octets may hold its CHALLENGE: its names, domain and Windows."""
    found = read_ntlm(octets)
    if found is None or found.kind != CHALLENGE:
        return
    who, say, names = facts.sender(m, i), facts.clue, found.names
    say(m, i, who, "name", names.get("dns_computer", ""), protocol, 0.9)
    say(m, i, who, "name", names.get("computer", ""), protocol, 0.9)
    domain = names.get("dns_domain") or names.get("domain", "")
    if domain not in (names.get("dns_computer"), names.get("computer")):  # else it has none
        say(m, i, who, "domain", domain, protocol, 0.8)
    if found.version is not None:
        say(m, i, who, "os", windows_of(*found.version), protocol, 0.8)


def say_login(facts: Any, m: Any, i: int, octets: bytes, protocol: str) -> Ntlm | None:
    """Message i comes from a client; octets may hold its AUTHENTICATE: its names and Windows. Gives it back."""
    found = read_ntlm(octets)
    if found is None or found.kind != AUTHENTICATE:
        return None
    who, say, names = facts.sender(m, i), facts.clue, found.names
    say(m, i, who, "name", names.get("workstation", ""), protocol, 0.8)
    if names.get("domain") != names.get("workstation"):
        say(m, i, who, "domain", names.get("domain", ""), protocol, 0.5)
    if found.version is not None:
        say(m, i, who, "os", windows_of(*found.version), protocol, 0.7)
    return found


def say_account(facts: Any, m: Any, i: int, user: str, protocol: str) -> None:
    """Message i comes from a server that let this account in."""
    facts.clue(m, i, facts.receiver(m, i), "user", user, protocol, 0.9)
