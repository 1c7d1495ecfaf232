"""A made-up bottling plant, a large one and a hostile one: finished records that the outputs are tested on."""
# ruff: noqa: E501 - facts of the story stand on one line each

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

import pyarrow as pa

from interlock.records.asset import Asset, Conflict, Proof, Risk
from interlock.records.finding import Action, Evidence, Finding
from interlock.records.tables import FLOWS, OPERATIONS
from interlock.report.record import Health, Report, Run, SourceFacts, Withheld
from interlock.report.relations import relations_of
from interlock.report.traffic import traffic_of

S = 1_000_000_000
START = 1_714_543_200 * S  # 2024-05-01 06:00:00 UTC
END = START + 4 * 3600 * S + 754 * S
SOURCE = "hall2-mirror.pcapng"
SPACE = uuid.UUID("6f6e0b1a-7d0c-4a53-9d5e-3f6a9a1c2b44")


@dataclass(frozen=True)
class Machine:
    name: str
    role: str | None
    level: str | None
    ip: str
    vendor: str | None = None
    product: str | None = None
    firmware: str | None = None
    serial: str | None = None
    served: str = ""
    used: str = ""
    risk: int = 10
    reasons: tuple[str, ...] = ()
    order: str | None = None
    os: str | None = None
    oui: str = "28:63:36"
    zone: str | None = None


MACHINES = (
    Machine("PLC-FILLER", "plc", "1", "10.20.1.10", "Siemens", "CPU 1515-2 PN", "V2.8.1", "S C-L1N28137", "s7comm profinet", "profinet", 88,
            ("A program was written to it during the capture (+45)", "It answers S7comm without authentication (+25)", "It is reached from two levels above (+18)"), "6ES7 515-2AM01-0AB0"),
    Machine("PLC-CAPPER", "plc", "1", "10.20.1.11", "Siemens", "CPU 1511-1 PN", "V2.6.0", "S C-K9R22419", "s7comm profinet", "profinet", 52, ("It answers S7comm without authentication (+25)", "Firmware older than three years (+17)", "Written to by 2 machines (+10)"), "6ES7 511-1AK01-0AB0"),
    Machine("PLC-LABEL", "plc", "1", "10.20.1.12", "Siemens", "CPU 315-2 PN/DP", "V3.2.17", "S C-D7UX1892", "s7comm", "", 61, ("It answers S7comm without authentication (+25)", "Controller stopped and started during the capture (+36)"), "6ES7 315-2EH14-0AB0"),
    Machine("PLC-PALLET", "plc", "1", "10.20.1.20", "Rockwell Automation/Allen-Bradley", "1756-L71/B LOGIX5571", "30.011", "00A1B2C3", "enip cip", "", 44, ("It answers CIP without authentication (+25)", "Written to by 2 machines (+19)"), "1756-L71", oui="00:00:bc"),
    Machine("SAFE-PALLET", "safety-controller", "1", "10.20.1.21", "Pilz", "PNOZmulti 2", "10.12.1", "1234567", "modbus", "", 40, ("Safety controller on the same network as office machines (+40)",), "772100", oui="00:02:55"),
    Machine("PLC-CIP-01", "plc", "1", "10.20.1.30", "Schneider Electric", "TM251MESE", "5.1.9.34", None, "modbus", "", 37, ("It answers Modbus without authentication (+25)", "Unusually many requests are refused (+12)"), "TM251MESE", oui="00:80:f4"),
    Machine("RTU-WATER", "rtu", "1", "10.20.1.40", "Schneider Electric", "SCADAPack 350E", "8.18.1", None, "dnp3 modbus", "", 33, ("It answers Modbus without authentication (+25)",), oui="00:80:f4"),
    Machine("ET200-A1", "io", "0", "10.20.0.31", "Siemens", "IM155-6PN ST", "V4.2.0", None, "profinet", "", 8, order="6ES7 155-6AU01-0BN0"),
    Machine("ET200-A2", "io", "0", "10.20.0.32", "Siemens", "IM155-6PN ST", "V4.2.0", None, "profinet", "", 8, order="6ES7 155-6AU01-0BN0"),
    Machine("ET200-B1", "io", "0", "10.20.0.33", "Siemens", "IM155-5PN HF", "V3.0.0", None, "profinet", "", 8, order="6ES7 155-5AA00-0AC0"),
    Machine("DRIVE-CONV1", "drive", "0", "10.20.0.41", "Siemens", "SINAMICS G120 CU240E-2 PN", "V4.7.13", None, "profinet", "", 12),
    Machine("DRIVE-CONV2", "drive", "0", "10.20.0.42", "Siemens", "SINAMICS G120 CU240E-2 PN", "V4.7.10", None, "profinet", "", 12),
    Machine("DRIVE-PUMP1", "drive", "0", "10.20.0.43", "Danfoss", "VLT FC-302", "7.62", None, "modbus", "", 20, oui="00:1b:08"),
    Machine("DRIVE-PUMP2", "drive", "0", "10.20.0.44", "Danfoss", "VLT FC-302", "7.62", None, "modbus", "", 20, oui="00:1b:08"),
    Machine("FLEX-PAL-IO", "io", "0", "10.20.0.51", "Rockwell Automation/Allen-Bradley", "1794-AENT/B", "4.003", None, "enip cip", "", 9, oui="00:00:bc"),
    Machine("SCAN-INFEED", "sensor", "0", "10.20.0.61", "SICK", "CLV650", "6.10", None, "enip", "", 6, oui="00:06:77"),
    Machine("FLOW-CO2", "sensor", "0", "10.20.0.62", "Endress+Hauser", "Promass 300", "01.06.zz", None, "modbus http", "", 24, ("Web page with a default login (+24)",), oui="00:07:05"),
    Machine("HMI-FILLER", "hmi", "2", "10.20.2.10", "Siemens", "TP1500 Comfort", "V16.0.0.2", None, "s7comm", "s7comm", 26),
    Machine("HMI-PALLET", "hmi", "2", "10.20.2.11", "Rockwell Automation/Allen-Bradley", "PanelView Plus 7", "11.0", None, "enip", "cip", 22, oui="00:00:bc"),
    Machine("HMI-CIP", "hmi", "2", "10.20.2.12", "Schneider Electric", "HMIGTO6310", "6.2", None, "http ftp", "modbus", 41, ("FTP login in clear (+30)",), oui="00:80:f4"),
    Machine("SCADA-01", "scada-server", "2", "10.20.2.20", "Dell", None, None, None, "opcua smb rdp", "s7comm cip modbus dnp3", 55, ("OPC UA without security (+30)", "SMBv1 is offered (+25)"), os="Windows Server 2012 R2", oui="b0:83:fe"),
    Machine("ENG-LAPTOP-7", "engineering-station", "2", "10.20.2.77", "Lenovo", None, None, None, "smb", "s7comm dcp http tls", 79, ("It wrote a program (+40)", "It talks to the Internet (+39)"), os="Windows 10", oui="54:e1:ad"),
    Machine("ENG-ROCKWELL", "engineering-station", "2", "10.20.2.78", "HP", None, None, None, "smb rdp", "cip", 35, os="Windows 10", oui="3c:52:82"),
    Machine("HIST-01", "historian", "3", "10.20.3.10", "Dell", None, None, None, "opcua tls", "opcua modbus", 31, os="Windows Server 2019", oui="b0:83:fe"),
    Machine("MES-APP", "server", "3", "10.20.3.20", "VMware", None, None, None, "tls http", "opcua", 18, os="Linux", oui="00:50:56"),
    Machine("PATCH-SRV", "server", "3", "10.20.3.30", "VMware", None, None, None, "tls smb", "", 12, os="Windows Server 2019", oui="00:50:56"),
    Machine("NTP-GPS", "server", "3", "10.20.3.5", "Meinberg", "LANTIME M300", "7.04.008", None, "ntp snmp", "", 27, ("SNMP community “public” (+20)",), oui="00:13:95"),
    Machine("JUMP-01", "server", "3.5", "10.20.35.10", "VMware", None, None, None, "rdp tls", "rdp", 24, os="Windows Server 2019", oui="00:50:56"),
    Machine("FW-HALL2", "firewall", "3.5", "10.20.35.1", "Fortinet", "FortiGate 60F", "v7.0.5", None, "tls", "", 15, oui="e0:23:ff"),
    Machine("OFFICE-PC-114", "workstation", "4", "10.4.8.114", "Dell", None, None, None, "", "modbus http", 63, ("It reads controllers from level 4 (+33)", "It swept 14 plant machines (+30)"), os="Windows 11", oui="b0:83:fe"),
    Machine("ERP-GW", "server", "4", "10.4.1.20", "Dell", None, None, None, "tls", "", 8, os="Linux", oui="b0:83:fe"),
    Machine("PRN-HALL2", "printer", "4", "10.4.8.40", "Zebra", "ZT411", "V92.21.17Z", None, "http snmp", "", 19, oui="00:07:4d"),
    Machine("SW-HALL2-A", "switch", "1", "10.20.1.2", "Hirschmann", "RS20-0800", "09.0.06", None, "snmp http lldp", "", 30, ("SNMP community “public” (+20)",), oui="00:80:63"),
    Machine("SW-HALL2-B", "switch", "1", "10.20.1.3", "Siemens", "SCALANCE XC208", "V4.1", None, "snmp profinet lldp", "", 25),
    Machine("CAM-DOCK", "camera", None, "10.20.9.14", "Axis", "M3106-L", "9.80.3", None, "http rtsp", "", 29, oui="ac:cc:8e"),
    Machine("", None, None, "10.20.1.99", None, None, None, None, "", "modbus", 38, ("Nothing says what it is, and it writes (+38)",), oui="02:42:ac"),
    Machine("", None, None, "10.20.9.77", "Raspberry Pi Trading", None, None, None, "ssh", "tls", 34, oui="dc:a6:32"),
    Machine("AP-HALL2", "access-point", "2", "10.20.2.5", "Moxa", "AWK-3131A", "1.16", None, "http snmp", "", 28, oui="00:90:e8"),
)  # fmt: skip


def asset_id(key: str) -> str:
    return str(uuid.uuid5(SPACE, key.encode("ascii", "backslashreplace").decode()))


def proof(value, protocol, frame, confidence=0.9, **kw):
    return Proof(
        value=value, protocol=protocol, source=SOURCE, frame=frame, confidence=confidence,
        first=START + frame * 9 * S // 10, last=END - frame * S // 100, **{"count": 3, **kw},
    )  # fmt: skip


def _provenance(m: Machine, mac: str, number: int):
    speaks = (m.served or m.used or "arp").split()[0]
    fields = [
        ("macs", (proof(mac, "arp", 11 + number, 0.95, count=212),)),
        ("ips", (proof(m.ip, "arp", 11 + number, 0.95, count=212), proof(m.ip, speaks, 300 + number, 0.8))),
    ]
    if m.name:
        fields.append(("names", (proof(m.name, "lldp" if m.role == "switch" else "dcp", 40 + number),)))
    for name, value, confidence in (
        ("vendor", m.vendor, 0.7), ("product", m.product, 0.95), ("order_number", m.order, 0.95), ("serial", m.serial, 0.98),
        ("firmware", m.firmware, 0.95), ("os", m.os, 0.6), ("role", m.role, 0.85), ("purdue_level", m.level, 0.6),
    ):  # fmt: skip
        if value:
            protocol = {"vendor": "oui", "os": "smb", "role": "habit", "purdue_level": "habit"}.get(
                name, speaks
            )
            fields.append((name, (proof(value, protocol, 900 + 13 * number, confidence),)))
    return tuple(fields)


def _asset(number: int, m: Machine) -> Asset:
    mac = f"{m.oui}:{number:02x}:{(number * 7) % 256:02x}:{(number * 31) % 256:02x}"
    return Asset(
        id=asset_id(m.ip), realm="hall2", macs=(mac,), ips=(m.ip,), names=(m.name,) if m.name else (),
        vendor=m.vendor, product=m.product, order_number=m.order, serial=m.serial, firmware=m.firmware, os=m.os,
        role=m.role, purdue_level=m.level, zone=m.zone, served=tuple(m.served.split()), used=tuple(m.used.split()),
        first_seen=START + number * S, last_seen=END - number * 3 * S, risk=Risk(score=m.risk, reasons=m.reasons),
        provenance=_provenance(m, mac, number),
    )  # fmt: skip


def assets() -> tuple[Asset, ...]:
    made = [_asset(number, machine) for number, machine in enumerate(MACHINES)]
    by_name = {asset.names[0]: index for index, asset in enumerate(made) if asset.names}
    capper = made[by_name["PLC-CAPPER"]]
    made[by_name["PLC-CAPPER"]] = replace(
        capper,
        conflicts=(
            Conflict(field="firmware", proofs=(proof("V2.6.0", "s7comm", 1043, 0.95), proof("V2.5.2", "profinet", 771, 0.7, count=1))),
        ),
    )  # fmt: skip
    gateway = made[by_name["RTU-WATER"]]
    units = [
        Asset(
            id=asset_id(f"10.20.1.40/{unit}"), realm="hall2", ips=("10.20.1.40",), unit=str(unit), role="sensor",
            purdue_level="0", served=("modbus",), parent=gateway.id, first_seen=START, last_seen=END, product="Level meter",
            provenance=(("unit", (proof(str(unit), "modbus", 2210 + unit, 0.99),)),),
        )
        for unit in (1, 2, 7)
    ]  # fmt: skip
    made[by_name["RTU-WATER"]] = replace(gateway, children=tuple(unit.id for unit in units))
    return (*made, *units)


TALKS = (
    # client, server, protocol, [(verb, count, refused)], port
    ("10.20.2.10", "10.20.1.10", "s7comm", (("read", 14400, 0), ("write", 212, 0), ("open", 2, 0)), 102),
    ("10.20.2.10", "10.20.1.11", "s7comm", (("read", 9600, 0), ("write", 84, 0)), 102),
    ("10.20.2.20", "10.20.1.10", "s7comm", (("read", 28800, 12),), 102),
    ("10.20.2.20", "10.20.1.11", "s7comm", (("read", 28800, 0),), 102),
    ("10.20.2.20", "10.20.1.12", "s7comm", (("read", 28800, 0),), 102),
    ("10.20.2.20", "10.20.1.20", "cip", (("read", 14400, 0), ("write", 31, 0)), 44818),
    ("10.20.2.20", "10.20.1.30", "modbus", (("read", 28800, 0),), 502),
    ("10.20.2.20", "10.20.1.40", "dnp3", (("read", 1440, 0), ("operate", 6, 0), ("select", 6, 0)), 20000),
    ("10.20.2.77", "10.20.1.10", "s7comm", (("program-write", 38, 0), ("program-read", 12, 0), ("identify", 9, 0), ("stop", 1, 0), ("start", 1, 0)), 102),
    ("10.20.2.77", "10.20.1.12", "s7comm", (("stop", 1, 0), ("start", 1, 0), ("identify", 4, 0)), 102),
    ("10.20.2.77", "93.184.216.34", "tls", (), 443),
    ("10.20.2.78", "10.20.1.20", "cip", (("read", 320, 0), ("program-read", 18, 0)), 44818),
    ("10.20.2.11", "10.20.1.20", "cip", (("read", 14400, 0), ("write", 118, 0)), 44818),
    ("10.20.2.12", "10.20.1.30", "modbus", (("read", 14400, 0), ("write", 640, 0)), 502),
    ("10.20.1.30", "10.20.0.43", "modbus", (("read", 28800, 0), ("write", 14400, 0)), 502),
    ("10.20.1.30", "10.20.0.44", "modbus", (("read", 28800, 0), ("write", 14400, 0)), 502),
    ("10.20.1.30", "10.20.0.62", "modbus", (("read", 14400, 0),), 502),
    ("10.20.1.10", "10.20.0.31", "profinet", (("open", 1, 0), ("write", 6, 0)), 34964),
    ("10.20.1.10", "10.20.0.32", "profinet", (("open", 1, 0), ("write", 6, 0)), 34964),
    ("10.20.1.10", "10.20.0.41", "profinet", (("open", 1, 0), ("write", 4, 0)), 34964),
    ("10.20.1.11", "10.20.0.33", "profinet", (("open", 1, 0), ("write", 4, 0)), 34964),
    ("10.20.1.11", "10.20.0.42", "profinet", (("open", 1, 0),), 34964),
    ("10.20.1.20", "10.20.0.51", "cip", (("open", 1, 0),), 44818),
    ("10.20.1.20", "10.20.0.61", "cip", (("open", 1, 0),), 44818),
    ("10.20.1.20", "10.20.1.21", "modbus", (("read", 14400, 0),), 502),
    ("10.20.1.99", "10.20.1.30", "modbus", (("read", 220, 0), ("write", 11, 4)), 502),
    ("10.4.8.114", "10.20.1.30", "modbus", (("read", 96, 0), ("unknown", 14, 14)), 502),
    ("10.4.8.114", "10.20.1.21", "modbus", (("read", 12, 12),), 502),
    ("10.4.8.114", "10.20.0.43", "modbus", (("read", 4, 4),), 502),
    ("10.4.8.114", "10.20.0.62", "http", (), 80),
    ("10.20.3.10", "10.20.2.20", "opcua", (("subscribe", 44, 0), ("read", 960, 0)), 4840),
    ("10.20.3.20", "10.20.2.20", "opcua", (("read", 480, 0), ("write", 12, 0)), 4840),
    ("10.20.35.10", "10.20.2.20", "rdp", (), 3389),
    ("10.20.35.10", "10.20.2.78", "rdp", (), 3389),
    ("10.4.1.20", "10.20.3.20", "tls", (), 443),
    ("10.20.3.30", "10.20.2.20", "smb", (), 445),
    ("10.20.2.20", "10.20.3.5", "ntp", (), 123),
    ("10.20.1.10", "10.20.3.5", "ntp", (), 123),
    ("10.20.3.30", "10.20.1.2", "snmp", (("read", 480, 0),), 161),
    ("10.20.3.30", "10.20.1.3", "snmp", (("read", 480, 0),), 161),
    ("10.20.9.77", "185.199.108.153", "tls", (), 443),
    ("10.20.2.77", "10.20.2.12", "ftp", (), 21),
    ("10.20.2.5", "10.20.9.14", None, (), 7777),
    ("10.20.1.12", "239.255.255.250", None, (), 1900),
    ("10.20.3.20", "10.4.8.40", None, (), 9100),
)  # fmt: skip


def _column(values, column):
    return (
        pa.array(values, column.type.value_type).dictionary_encode()
        if pa.types.is_dictionary(column.type)
        else pa.array(values, column.type)
    )


def table_of(table, rows):
    """Rows as dicts to an Arrow table with exactly the schema of `table`."""
    arrays = [_column([row.get(c.name) for row in rows], c) for c in table.columns]
    return pa.Table.from_arrays(
        [a.cast(c.type) for a, c in zip(arrays, table.columns, strict=True)], names=list(table.names)
    )


def operations(scale: int = 40) -> pa.Table:
    """One row stands for `scale` messages of the story, to keep the tests quick."""
    rows = []
    for client, server, protocol, verbs, port in TALKS:
        for verb, count, refused in verbs:
            shown, bad = max(1, count // scale), -(-refused // scale)
            rows += [
                {
                    "source": SOURCE, "realm": "hall2", "operation": len(rows) + n, "time": START + (n * 7 + 1) * S,
                    "frame": 2000 + 17 * n + len(rows), "response_frame": 2001 + 17 * n, "flow": 7, "client": client, "server": server,
                    "client_port": 49152, "server_port": port, "protocol": protocol, "verb": verb, "item": 0, "items": 1,
                    "outcome": "refused" if n < bad else "ok",
                }
                for n in range(shown)
            ]  # fmt: skip
    return table_of(OPERATIONS, rows)


def flows() -> pa.Table:
    rows = []
    for number, (client, server, protocol, verbs, port) in enumerate(TALKS):
        packets = 2 * sum(count for _, count, _ in verbs) or 90 + 41 * number
        basis = (
            "parsed"
            if verbs
            else "unknown"
            if protocol is None
            else "port"
            if protocol == "rdp"
            else "heuristic"
        )
        rows.append(
            {
                "source": SOURCE, "realm": "hall2", "flow": number, "client": client, "server": server, "client_port": 49152,
                "server_port": port, "transport": "udp" if port in {123, 161, 34964, 1900} else "tcp", "first": START + number * S, "last": END - number * S,
                "first_frame": 20 + number, "last_frame": 900_000 + number, "client_packets": packets, "server_packets": packets,
                "client_octets": packets * 78, "server_octets": packets * 140, "retransmissions": 0, "gaps": 3 if number == 4 else 0, "duplicates": 0, "bad_checksums": 0, "offloaded_checksums": 0,
                "protocol": protocol, "basis": basis, "confidence": 0.9,
            }
        )  # fmt: skip
    return table_of(FLOWS, rows)


def _finding(number, severity, kind, title, explanation, machines, actions, frames, total, **kw):
    return Finding(
        id=f"{kw.pop('detector', 'detector')}-{asset_id(title)[:12]}", detector=kw.pop("name", title.split()[0].lower()), version=1, kind=kind,
        severity=severity, confidence=kw.pop("confidence", 0.9), title=title, explanation=explanation,
        time=START + 3000 * S + number * 60 * S, last=START + 9000 * S + number * 60 * S, count=total, realm="hall2",
        machines=machines, assets=tuple(asset_id(m) for m in machines),
        evidence=(Evidence(source=SOURCE, frames=frames, total=total, table="operations"),), actions=actions, **kw,
    )  # fmt: skip


def findings() -> tuple[Finding, ...]:
    return (
        _finding(1, "critical", "alert", "A program was written to PLC-FILLER while the line was running",
            "ENG-LAPTOP-7 downloaded 38 program blocks (OB1, FB20, DB7 …) over S7comm at 06:51, then stopped and started the controller. S7comm asked for no password.\n"
            "Whoever can do this decides what the filler does: valve times, fill volume, the interlocks in the program.\n"
            "It would not have fired inside a maintenance window written into the site file.",
            ("10.20.2.77", "10.20.1.10"),
            (Action(text="Ask the person at ENG-LAPTOP-7 whether this change was ordered, and compare the program in PLC-FILLER with the approved backup.", risk="None: comparing reads the program, it does not stop the controller."),
             Action(text="Set a protection level with password on the CPU (TIA Portal, protection level 3).", risk="Needs a download: plan it for a standstill; the HMI keeps its access.")),
            (41022, 41030, 41038, 41046, 41054, 41062, 41070), 38, techniques=("T0843", "T0889"), requirements=("IEC 62443-3-3 SR 1.1", "IEC 62443-3-3 SR 3.4", "NIS2 Art. 21(2)(e)"), name="program-written"),
        _finding(2, "critical", "alert", "PLC-LABEL was stopped and started again from ENG-LAPTOP-7",
            "A PLC stop at 07:03:11 and a warm restart 42 s later. The labeller stood still in between.\nA stop reaches every output the controller drives.",
            ("10.20.2.77", "10.20.1.12"),
            (Action(text="Check the shift log for a stop of the labeller at 07:03; if there is none, treat the laptop as not under your control.", risk="None."),),
            (52210, 52987), 2, techniques=("T0858", "T0816"), requirements=("IEC 62443-3-3 SR 2.1",), name="controller-stopped"),
        _finding(3, "high", "exposure", "ENG-LAPTOP-7 writes programs and talks to the Internet at the same time",
            "The same machine that programs two controllers held TLS sessions with 93.184.216.34. Whatever reaches the laptop from outside can reach the controllers.",
            ("10.20.2.77",), (Action(text="Take the laptop off the plant network unless it is needed, or remove its route to the Internet.", risk="Licence servers and remote support on this laptop stop working."),),
            (7710, 7712, 9120), 212, techniques=("T0883",), requirements=("IEC 62443-3-3 SR 5.2",), name="public-address"),
        _finding(4, "high", "alert", "OFFICE-PC-114 swept 14 plant machines on port 502",
            "Within 9 seconds it opened Modbus connections to 14 addresses, 11 of which do not exist.", ("10.4.8.114", "10.20.1.30", "10.20.1.21"),
            (Action(text="Find out who uses OFFICE-PC-114 and look for malware on it; block 10.4.8.0/24 to port 502 at FW-HALL2.", risk="If an office tool really reads Modbus, its readings stop."),),
            tuple(range(60110, 60128)), 96, techniques=("T0846", "T0840"), requirements=("IEC 62443-3-3 SR 5.1",), name="sweep"),
        _finding(5, "high", "weakness", "OPC UA on SCADA-01 accepts sessions without security and without a user",
            "Security mode None and an anonymous user token: everything is readable and, for 12 nodes, writable by anybody who reaches port 4840.", ("10.20.2.20", "10.20.3.10", "10.20.3.20"),
            (Action(text="Switch HIST-01 and MES-APP to Basic256Sha256 with SignAndEncrypt, then disable the None endpoint.", risk="Clients without a trusted certificate lose the connection: exchange certificates first."),),
            (3100, 3104), 524, techniques=("T0859",), requirements=("IEC 62443-3-3 SR 1.2", "IEC 62443-3-3 SR 4.1"), name="opcua-none"),
        _finding(6, "high", "exposure", "Modbus crosses the router from level 4 to level 1 without authentication",
            "OFFICE-PC-114 at level 4 asks PLC-CIP-01 at level 1. Modbus has no authentication.", ("10.4.8.114", "10.20.1.30"),
            (Action(text="Close port 502 between the office network and hall 2.", risk="Readings that the office takes from the plant stop."),), (60190,), 110, techniques=("T0886",), requirements=("IEC 62443-3-3 SR 5.1",), name="unauthenticated-crossing"),
        _finding(7, "medium", "weakness", "FTP login in clear on HMI-CIP", "User “admin” logged in over FTP; the secret is kept only as a keyed fingerprint.", ("10.20.2.12", "10.20.2.77"),
            (Action(text="Switch the recipe transfer to SFTP, or change the password and allow FTP from one machine only.", risk="The recipe transfer fails until both ends are changed."),), (18231, 18235), 6, requirements=("IEC 62443-3-3 SR 4.1",), name="credentials-in-clear"),
        _finding(8, "medium", "weakness", "SNMP community “public” on 3 machines", "SW-HALL2-A, NTP-GPS and PRN-HALL2 answer to the community that ships with them.", ("10.20.1.2", "10.20.3.5", "10.4.8.40"),
            (Action(text="Use SNMPv3, or a community of your own and an access list.", risk="Monitoring that still uses “public” goes blind."),), (811, 2290), 960, requirements=("IEC 62443-3-3 SR 1.5",), name="snmp-default"),
        _finding(9, "medium", "alert", "A machine that nothing identifies writes to PLC-CIP-01", "10.20.1.99 has a locally administered MAC, no name and no vendor, and wrote 11 registers, 4 of which were refused.", ("10.20.1.99", "10.20.1.30"),
            (Action(text="Follow the MAC 02:42:ac:… through SW-HALL2-A to its port and look what is plugged in.", risk="None."),), (70001, 70044), 11, techniques=("T0848",), name="unknown-writer", confidence=0.75),
        _finding(10, "medium", "change", "DRIVE-CONV2 was given another name by DCP", "The name changed from drive-conv-2 to drive-conv2.", ("10.20.0.42", "10.20.2.77"), (Action(text="Check that the name fits the PROFINET configuration.", risk="None."),), (33010,), 1, name="dcp-set"),
        _finding(11, "low", "weakness", "TLS 1.0 is still offered by MES-APP", "It chose TLS 1.0 for one old client.", ("10.20.3.20",), (Action(text="Turn TLS 1.0 and 1.1 off.", risk="Very old clients cannot connect."),), (90210,), 4, name="tls-old"),
        _finding(12, "low", "weakness", "PLC-CIP-01 refuses far more requests than it used to", "14 of 14 requests with function 90 were refused.", ("10.20.1.30",), (), (60130, 60131), 14, name="refused"),
        _finding(13, "info", "exposure", "A Raspberry Pi with a tunnel to the Internet", "10.20.9.77 keeps a TLS session open.", ("10.20.9.77",), (), (4411,), 1, name="public-address-2", accepted="Test rig of the maintenance team, agreed with B. Okafor", accepted_until="2024-12-31"),
    )  # fmt: skip


HEALTH = (
    Health(condition="gaps", source=SOURCE, sentence="The mirror port lost packets: 3 TCP streams have holes, what was in them is not known.", figure=3.0, unit="holes"),
    Health(condition="vlan-stripped", source=SOURCE, sentence="VLAN tags were removed before the capture: machines of several VLANs cannot be told apart by VLAN.", figure=4.0, unit="VLANs"),
)  # fmt: skip


def report() -> Report:
    return Report(
        run=Run(
            version="0.1.0", site="Bottling, hall 2", processing_s=2.4,
            sources=(SourceFacts(name=SOURCE, frames=1_284_220, octets=181_000_000, first=START, last=END, realm="hall2"),),
            tables=(("operations", 284_311), ("flows", 3_112), ("clues", 1_904), ("values", 96_230), ("oddities", 12)),
        ),
        assets=assets(), findings=findings(), health=HEALTH,
        relations=relations_of([operations()]), traffic=traffic_of([flows()]),
        withheld=(Withheld(detector="refused-far-above-habit", reason="only one direction of 10.20.1.40 was mirrored", count=1),),
    )  # fmt: skip


_KINDS = (
    # role, level, vendor, product, firmware, OUI, share of 100
    ("plc", "1", "Siemens", "CPU 1512SP-1 PN", "V2.9.4", "28:63:36", 14),
    ("plc", "1", "Rockwell Automation/Allen-Bradley", "1769-L33ER/A LOGIX5333ER", "32.014", "00:00:bc", 6),
    ("io", "0", "Siemens", "IM155-6PN ST", "V4.2.0", "28:63:36", 25),
    ("drive", "0", "Danfoss", "VLT FC-302", "7.62", "00:1b:08", 15),
    ("sensor", "0", "SICK", "CLV650", "6.10", "00:06:77", 8),
    ("hmi", "2", "Siemens", "TP1200 Comfort", "V16.0.0.2", "28:63:36", 8),
    ("scada-server", "2", "Dell", None, None, "b0:83:fe", 2),
    ("switch", "1", "Hirschmann", "RS20-0800", "09.0.06", "00:80:63", 5),
    ("workstation", "4", "HP", None, None, "3c:52:82", 9),
    ("server", "3", "VMware", None, None, "00:50:56", 3),
    (None, None, None, None, None, "02:42:ac", 5),
)  # fmt: skip


def large_report(count: int = 5_000) -> Report:
    """A plant of `count` machines in cells of a hundred, every one with its own names, proofs and relations."""
    made, rows, flow_rows = [], [], []
    pattern = [kind for kind in _KINDS for _ in range(kind[-1])]
    for number in range(count):
        role, level, vendor, product, firmware, oui, _ = pattern[number % 100]
        cell, ip = number // 100, f"10.{20 + number // 25_000}.{number // 250 % 100}.{1 + number % 250}"
        machine = Machine(
            f"{(role or 'node').upper()[:9]}-{cell:02d}-{number % 100:02d}" if role else "", role, level, ip, vendor, product,
            firmware, f"SN{number * 7919:09d}" if product else None, "modbus" if level in {"0", "1"} else "tls", "modbus" if level == "2" else "",
            (number * 37) % 60, ("It answers Modbus without authentication (+25)", "Firmware older than three years (+17)"),
        )  # fmt: skip
        made.append(
            replace(
                _asset(number % 200, machine),
                macs=(f"{oui}:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",),
            )
        )
        for step in (1, 7, 31):
            other = (number + step * 13) % count
            server = f"10.{20 + other // 25_000}.{other // 250 % 100}.{1 + other % 250}"
            verb = "write" if step == 7 else "read"
            rows.append(
                {"source": SOURCE, "realm": "hall2", "operation": len(rows), "time": START + number * S, "frame": len(rows) + 1,
                 "response_frame": None, "flow": 1, "client": ip, "server": server, "protocol": "modbus", "verb": verb, "item": 0, "items": 1, "outcome": "ok"}
            )  # fmt: skip
            flow_rows.append(
                {"source": SOURCE, "realm": "hall2", "flow": len(rows), "client": ip, "server": server, "server_port": 502, "transport": "tcp",
                 "first": START, "last": END, "first_frame": 1, "last_frame": 2, "client_packets": 9, "server_packets": 9, "client_octets": 900 * step,
                 "server_octets": 1200, "retransmissions": 0, "gaps": 0, "duplicates": 0, "bad_checksums": 0, "offloaded_checksums": 0, "protocol": "modbus", "basis": "parsed", "confidence": 0.9}
            )  # fmt: skip
    ips = [asset.ips[0] for asset in made]
    severities = ("critical", "high", "medium", "low", "info")
    found = tuple(
        _finding(n, severities[min(4, n // 12)], "weakness", f"Finding {n} about a machine", "What was seen.\nWhy it matters.", (ips[n * 31 % count],),
                 (Action(text="Look at it.", risk="None."),), (n + 1,), 1, name=f"detector-{n}")
        for n in range(120)
    )  # fmt: skip
    return replace(
        report(), assets=tuple(made), findings=found,
        relations=relations_of([table_of(OPERATIONS, rows)]), traffic=traffic_of([table_of(FLOWS, flow_rows)]),
    )  # fmt: skip


HOSTILE = (
    "</script><script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "' onmouseover='document.title=1' x='",
    "<svg onload=document.title='owned'>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:document.title='owned'",
    "<!--<script>",
    "]]></title><style>*{display:none}</style>",
    "\x1b[2J\x1b[31mPLC\x07\x9b31m",
    "PLC\u202eLIVE\u2066x\u200b\ufeff",
    "line\r\nbreak\ttab\x00nul",
    "[bold red]markup[/] [link=file:///etc/passwd]x[/link]",
    "Z" + "\u0301" * 400,
    "\ud800lone",
    "A" * 20_000,
    "https://evil.example/beacon.png",
)


def hostile_report() -> Report:
    """Every text that a wire can fill carries an attack."""
    made = [
        replace(
            _asset(number, Machine(evil, evil, evil, f"10.66.0.{number}", evil, evil, evil, evil, risk=50, reasons=(evil,), os=evil, zone=evil)),
            served=(evil, "modbus"), used=(evil,), realm="hall2", status="new",
            provenance=(("vendor", (proof(evil, evil, number + 1, note=evil),)), (evil, (proof(evil, "modbus", 9),))),
            conflicts=(Conflict(field="firmware", proofs=(proof(evil, evil, 3), proof("V1", "modbus", 4))),),
        )
        for number, evil in enumerate(HOSTILE)
    ]  # fmt: skip
    made.append(replace(made[0], id=HOSTILE[0], ips=(HOSTILE[1],), parent=made[3].id))
    found = tuple(
        _finding(
            number, "critical", "alert", evil, f"{evil}\n{evil}", (f"10.66.0.{number}", evil), (Action(text=evil, risk=evil),), (1, 2), 2,
            name=evil, techniques=(evil,), requirements=(evil,), data=((evil, evil),), accepted=evil if number % 5 == 4 else None, accepted_until=evil,
        )
        for number, evil in enumerate(HOSTILE)
    )  # fmt: skip
    named = [evil for evil in HOSTILE if "\ud800" not in evil]  # Arrow text is UTF-8 by type
    rows = [
        {"source": evil, "realm": "hall2", "operation": n, "time": START, "frame": 1, "flow": 1, "client": f"10.66.0.{n}", "server": evil,
         "protocol": evil, "verb": "write", "item": 0, "items": 1, "outcome": "ok"}
        for n, evil in enumerate(named)
    ]  # fmt: skip
    flow_rows = [
        {"source": evil, "realm": "hall2", "flow": n, "client": f"10.66.0.{n}", "server": f"10.66.0.{(n + 1) % len(named)}", "server_port": 1, "transport": evil,
         "first": START, "last": END, "first_frame": 1, "last_frame": 2, "client_packets": 1, "server_packets": 1, "client_octets": 60, "server_octets": 60,
         "retransmissions": 0, "gaps": 0, "duplicates": 0, "bad_checksums": 0, "offloaded_checksums": 0, "protocol": evil, "basis": "port", "confidence": 0.2}
        for n, evil in enumerate(named)
    ]  # fmt: skip
    return Report(
        run=Run(
            version="0.1.0", site=HOSTILE[0],
            sources=tuple(SourceFacts(name=evil, frames=1, octets=60, first=START, last=END, realm=evil, note=evil) for evil in HOSTILE),
        ),
        assets=tuple(made), findings=found, health=tuple(Health(condition=evil, source=evil, sentence=evil, figure=evil) for evil in HOSTILE),
        relations=relations_of([table_of(OPERATIONS, rows)]), traffic=traffic_of([table_of(FLOWS, flow_rows)]),
        withheld=tuple(Withheld(detector=evil, reason=evil) for evil in HOSTILE),
    )  # fmt: skip
