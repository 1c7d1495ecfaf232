"""PLC C's other half: scans the drive over a class 1 connection."""

from __future__ import annotations

import time

from responders.cip_client import CipClient, exchange_io
from responders.network import ip_of


def main() -> None:
    """Open the connection and exchange cyclic data until ended."""
    client = CipClient(ip_of("drive"))
    connection = client.open_connection(interval_us=250_000, io=True)
    while True:
        exchange_io(ip_of("drive"), connection, time.monotonic() + 60)


if __name__ == "__main__":
    main()
