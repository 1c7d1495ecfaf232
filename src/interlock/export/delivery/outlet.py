"""The interface of an outlet, and the visible table of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from interlock.records.config import FileConfig, StdoutConfig, SyslogConfig, WebhookConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.export.finding_message import Committed
    from interlock.export.incident_message import Reported
    from interlock.records.config import OutletConfig

__all__ = ["KINDS", "Outlet", "Reopened", "Reporting", "open_outlet"]


class Outlet(Protocol):
    """Tells one receiver. Used by one thread only; bounded in time."""

    @property
    def name(self) -> str:
        """As the configuration calls it."""
        ...

    def deliver(self, findings: Sequence[Committed]) -> None:
        """Hand these over, by commit ascending; when it returns, the receiver has them as far as its kind can know.

        Raises DeliveryError: some may have arrived, and all of them are sent again.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; what is closed opens again at the next delivery."""
        ...


@runtime_checkable
class Reopened(Protocol):
    """Of an outlet that has a file: others may have moved it."""

    def reopen(self) -> None:
        """Write to the file that has the name now, from the next delivery on. Safe from any thread."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """Of an outlet that can tell of incidents, too."""

    def report(self, incidents: Sequence[Reported]) -> None:
        """As Outlet.deliver, of incidents: gravest first."""
        ...


KINDS: Final[dict[type, str]] = {
    StdoutConfig: "interlock.export.delivery.stdout",
    FileConfig: "interlock.export.delivery.file",
    SyslogConfig: "interlock.export.delivery.syslog",
    WebhookConfig: "interlock.export.delivery.webhook",
}


def open_outlet(config: OutletConfig, sensor: str) -> Outlet:
    """The outlet that a configuration describes. sensor: what receivers know us by.

    Raises ConfigError where a secret or a certificate that it names cannot be used; no receiver is asked yet.
    """
    module: Any = importlib.import_module(KINDS[type(config)])
    outlet: Outlet = module.open_configured(config, sensor)
    return outlet
