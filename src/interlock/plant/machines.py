"""The machines of the practice plant: who they are and where they stand on its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from interlock.plant.wire.frames import End

__all__ = ["BY_NAME", "MACHINES", "OUTSIDE", "Machine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine. thinks_ms: what it takes to answer, at least; half of it again on top, on average."""

    name: str
    role: str
    mac: str
    ip: str
    text: str
    thinks_ms: float = 1.0

    @property
    def end(self) -> End:
        """Its addresses as octets."""
        return End.of(self.mac, self.ip)


def _machine(number: int, name: str, role: str, vendor: str, text: str, thinks_ms: float = 1.0) -> Machine:
    """vendor: the first three octets of the hardware address, as the vendor's blocks are registered."""
    mac = f"{vendor}:5a:10:{number:02x}"
    return Machine(name=name, role=role, mac=mac, ip=f"10.77.1.{number}", text=text, thinks_ms=thinks_ms)


MACHINES: Final = (
    _machine(1, "switch", "switch", "00:80:63", "the plant's switch"),
    _machine(10, "plc-water", "plc", "00:80:f4", "raw water and buffer tank, Modbus/TCP", 3.0),
    _machine(11, "drive-pump", "drive", "00:80:f4", "drive of the pump, Modbus/TCP", 5.0),
    _machine(12, "plc-boiler", "plc", "28:63:36", "boiler, S7 communication and PROFINET", 2.0),
    _machine(13, "rio-boiler", "io", "28:63:36", "inputs and outputs of the boiler, PROFINET", 0.2),
    _machine(14, "plc-filler", "plc", "00:1d:9c", "filler and conveyor, EtherNet/IP", 2.0),
    _machine(15, "plc-pasteuriser", "plc", "00:01:05", "pasteuriser, OPC UA", 2.0),
    _machine(16, "safety-boiler", "safety-controller", "00:20:d9", "the boiler's safety controller", 4.0),
    _machine(17, "hvac-hall", "building-controller", "00:40:ae", "air handling of the hall, BACnet/IP", 6.0),
    _machine(
        18, "rtu-feeder", "rtu", "00:02:a3", "bay controller of the feeder, IEC 60870-5-104 and GOOSE", 4.0
    ),
    _machine(19, "rtu-well", "rtu", "00:30:a7", "remote station of the well, DNP3", 8.0),
    _machine(30, "hmi", "hmi", "00:1b:1b", "operator's panel"),
    _machine(31, "historian", "historian", "00:50:56", "collects values of the pasteuriser"),
    _machine(32, "engineering", "engineering-station", "3c:52:82", "programs the controllers"),
    _machine(40, "vendor-laptop", "laptop", "54:e1:ad", "the boiler maker's service laptop, rarely here"),
)
OUTSIDE: Final = Machine(
    name="outside",
    role="outside",
    mac=MACHINES[0].mac,
    ip="203.0.113.77",
    text="somebody behind the plant's router",
    thinks_ms=25.0,
)
"""Not of the plant: an address that documentation may use (RFC 5737), behind the switch."""

BY_NAME: Final = {machine.name: machine for machine in (*MACHINES, OUTSIDE)}
