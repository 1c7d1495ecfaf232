"""The passwords of one run of the living plant: drawn at its start, gone with it.

    STATE/plant/keys/accounts.json   who may log on where, for whoever practises; mode 0600

Nothing else of the plant says them: not its status, its log, its truth, nor the arguments of a process.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, Final

from interlock.plant.accounts import Accounts
from interlock.plant.living.keyring import write_private

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SCHEMA", "accounts_file", "draw"]

SCHEMA: Final = "interlock/plant-accounts/1"


class _Chance:
    """See accounts.Chance: the machine's own, never the seed's."""

    def octets(self, _purpose: str, count: int) -> bytes:
        return secrets.token_bytes(count)


def accounts_file(folder: Path) -> Path:
    """Where they lie. folder: of the run's keys."""
    return folder / "accounts.json"


def draw(folder: Path) -> Accounts:
    """Draw every account's secret anew, and write them down. folder: of the run's keys; it is there."""
    accounts = Accounts(_Chance())
    text = json.dumps({"schema": SCHEMA, "accounts": _told(accounts)}, indent=1) + "\n"
    write_private(accounts_file(folder), text.encode("utf-8"))
    return accounts


def _told(accounts: Accounts) -> list[dict[str, Any]]:
    named = (
        ("OPC UA", ["plc-pasteuriser"], accounts.shift),
        ("RDP", ["historian", "engineering"], accounts.engineer),
        ("FTP", ["plc-water"], accounts.upkeep),
    )
    found: list[dict[str, Any]] = [
        {"service": service, "machines": machines, "user": each.user, "password": each.password}
        for service, machines, each in named
    ]
    found.append({"service": "SNMP", "machines": ["switch"], "community": accounts.community})
    for account in accounts.windows.values():
        machines = ["hmi", "historian", "engineering"]
        about = {"domain": account.domain, "user": account.user, "nt_hash": account.nt_hash.hex()}
        found.append({"service": "SMB", "machines": machines, **about})
    return found
