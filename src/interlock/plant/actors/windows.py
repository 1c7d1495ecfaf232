"""The Windows machines of the plant: what the historian shares, and how one logs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.accounts import DOMAIN
from interlock.plant.actors.steps import Ask, Link
from interlock.plant.protocols import rdp, smb
from interlock.plant.protocols.ntlm import Account

if TYPE_CHECKING:
    from collections.abc import Generator

    from interlock.plant.actors.steps import Step
    from interlock.plant.attacks.scenario import Scene
    from interlock.plant.protocols.dcerpc import Interface
    from interlock.plant.protocols.tls import TlsClient

__all__ = [
    "SHARE",
    "batches",
    "call",
    "log_on",
    "log_on_to_desktop",
    "open_pipe",
    "wrong_account",
]

SHARE: Final = "Batches"
_SINCE_1601: Final = 116_444_736_000_000_000


def wrong_account(user: str) -> Account:
    """Somebody who does not know the secret."""
    return Account(user, DOMAIN, bytes(16))


def batches() -> dict[str, bytes]:
    """The historian's files: a report of each batch of the last days."""
    return {
        f"2026-{month:02d}-{day:02d}_batch-{batch}.csv": f"batch;{batch};72.4;76.1;ok\r\n".encode("ascii")
        * 20
        for month, day in ((8, 31), (9, 1), (9, 2))
        for batch in range(1, 9)
    }


def log_on(
    link: Link, scene: Scene, account: Account
) -> Generator[Step, tuple[bytes, ...], smb.Client | None]:
    """Negotiate and log on; the client that may go on, or None where it was not let in."""
    guid = bytes(scene.draws.number(8) for _ in range(16))
    client = smb.Client(account, link.client.upper(), guid, round(scene.now_s() * 1e7) + _SINCE_1601)
    if not (yield Ask(link, client.negotiate())):
        return None
    challenged = yield Ask(link, client.hello())
    if smb.status_of(challenged) != smb.MORE_PROCESSING:
        return None
    told = yield Ask(link, client.prove(challenged[0]))
    return client if smb.status_of(told) == smb.SUCCESS else None


def log_on_to_desktop(
    link: Link, login: rdp.Login, tls: TlsClient
) -> Generator[Step, tuple[bytes, ...], bool]:
    """Agree on TLS, and log on within; whether that went through."""
    if not (yield Ask(link, rdp.connect(login.user))):
        return False
    flight = tls.begin()
    while flight:
        answers = yield Ask(link, flight)
        if not answers:
            return False
        flight = tls.take(b"".join(answers))
    for message in rdp.logon(login):
        if not (yield Ask(link, tls.seal(message))):
            return False
    return True


def open_pipe(
    link: Link, client: smb.Client, machine: str, interface: Interface
) -> Generator[Step, tuple[bytes, ...], None]:
    """Connect to a machine's pipes, open one, and ask to speak its interface."""
    client.connected((yield Ask(link, client.connect_tree(machine, "IPC$")))[0])
    client.opened((yield Ask(link, client.open(interface.pipe)))[0])
    yield Ask(link, client.bind(interface))


def call(
    link: Link, client: smb.Client, operation: int, stub: bytes
) -> Generator[Step, tuple[bytes, ...], bytes]:
    """Call an operation on the pipe that is open; what it gave."""
    answers = yield Ask(link, client.call(operation, stub))
    return smb.piped(answers[0])
