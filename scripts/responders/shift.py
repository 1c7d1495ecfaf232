"""What else goes on in a shift: leases, names, clocks, pages; one machine per call."""

from __future__ import annotations

import sys
import time

from responders import snmp
from responders.dcp import BRIDGE, lldp
from responders.frames import mac, raw_socket
from responders.network import BY_NAME, ip_of
from responders.panel_client import browse
from responders.services import announce_mdns, ask_llmnr, ask_name, ask_time, dhcp_lease
from responders.tls_ends import meet


def panel(seconds: float) -> None:
    """The operator panel starts: lease, name, clock; then it announces itself."""
    dhcp_lease("hmi", "HMI-LINE2", "Weintek")
    ask_name("plc-b.plant.example")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        announce_mdns("HMI-LINE2", ip_of("hmi"), "_http._tcp")
        ask_time()
        time.sleep(20)


def switch(seconds: float) -> None:
    """The switch announces itself."""
    own = BY_NAME["switch"]
    with raw_socket(0x88CC) as sender:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            what = "Hirschmann RS20-0800 SW: 09.1.02"
            sender.send(lldp(mac(own.mac), ("SW-CELL-1", "1/5"), what, own.ip, BRIDGE))
            time.sleep(5)


def services(seconds: float) -> None:
    """The small server watches the switch by SNMP."""
    end, request = time.monotonic() + seconds, 1000
    while time.monotonic() < end:
        snmp.ask(ip_of("switch"), "public", [f"{snmp.SYSTEM}.{n}.0" for n in (1, 2, 5)], request=request)
        for name in (f"{snmp.SYSTEM}.3.0", f"{snmp.SYSTEM}.5.0"):
            request += 1
            snmp.ask(ip_of("switch"), "public", [name], snmp.GET_NEXT, request)
        request += 1
        time.sleep(8)


def historian(_seconds: float) -> None:
    """Someone at the historian opens the switch's old page and the panel's new one."""
    time.sleep(6)
    for version in ("1.0", "1.1", "1.2"):
        meet(ip_of("switch"), 443, version, version)
    time.sleep(4)
    meet(ip_of("hmi"), 443, "1.2", "1.2", "panel.plant.example")
    meet(ip_of("hmi"), 443, "1.2", "1.3", "panel.plant.example")


def engineer(_seconds: float) -> None:
    """The engineering station boots and its user looks at the panel's page."""
    dhcp_lease("engineer", "ENG-LAPTOP-07", "MSFT 5.0")
    ask_llmnr("fileserver", ip_of("engineer"))
    ask_name("historian.plant.example")
    time.sleep(15)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
    browse(ip_of("hmi"), agent, ("/", "/index.html", "/trend.html"))


if __name__ == "__main__":
    {"panel": panel, "switch": switch, "services": services, "historian": historian, "engineer": engineer}[
        sys.argv[1]
    ](float(sys.argv[2]))
