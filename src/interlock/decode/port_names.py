"""What registered ports and link types are called: hints for flows that nothing else named.

Sources: the IANA service names and IEEE ethertype registries; vendors' manuals for their own ports.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ETHERTYPES", "TCP", "UDP", "port_name"]

TCP: Final[dict[int, str]] = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 80: "http", 88: "kerberos",
    102: "iso-tsap", 110: "pop3", 111: "rpcbind", 123: "ntp", 135: "dcerpc", 139: "nbss", 143: "imap", 179: "bgp",
    389: "ldap", 5008: "melsec", 5010: "melsec", 5562: "melsec", 8016: "ads",
    443: "tls", 445: "smb", 502: "modbus", 515: "lpd", 554: "rtsp", 587: "smtp", 593: "dcerpc",
    601: "syslog", 631: "ipp", 636: "ldap", 6514: "syslog",
    789: "crimson", 802: "modbus-security", 1089: "ff-annunciation", 1090: "ff-fms", 1091: "ff-sm",
    1433: "mssql", 1521: "oracle", 1723: "pptp", 1883: "mqtt", 1911: "fox", 1962: "pcworx", 2049: "nfs",
    2222: "cspv4", 2404: "iec104", 3306: "mysql", 3389: "rdp", 4000: "roc-plus", 4059: "dlms", 4840: "opcua",
    4843: "opcua", 4911: "fox", 5006: "melsec", 5007: "melsec", 5094: "hart-ip", 5432: "postgresql", 5450: "pi",
    5500: "vnc", 5671: "amqp", 5672: "amqp", 5900: "vnc", 5985: "winrm", 5986: "winrm", 6379: "redis", 8080: "http",
    8443: "tls", 8883: "mqtt", 9100: "jetdirect", 9600: "fins", 11740: "codesys", 18245: "ge-srtp", 18246: "ge-srtp",
    20000: "dnp3", 20547: "proconos", 34962: "profinet-io", 34963: "profinet-io", 34964: "profinet-io",
    34980: "ethercat", 44818: "enip", 47808: "bacnet", 48898: "ads", 50000: "dlms", 55000: "fl-net", 1217: "codesys",
    2455: "codesys-v2", 4712: "c37118", 4713: "c37118", 5050: "sbus", 1502: "tristation", 9000: "http",
}  # fmt: skip

UDP: Final[dict[int, str]] = {
    53: "dns", 67: "dhcp", 68: "dhcp", 69: "tftp", 88: "kerberos", 111: "rpcbind", 123: "ntp", 137: "nbns",
    138: "nbdgm", 5010: "melsec", 5560: "melsec",
    161: "snmp", 162: "snmp", 319: "ptp", 320: "ptp", 389: "ldap", 443: "quic", 500: "isakmp", 502: "modbus",
    514: "syslog", 520: "rip", 546: "dhcpv6", 547: "dhcpv6", 1194: "openvpn", 1502: "tristation", 1900: "ssdp",
    2222: "enip-io", 3478: "stun", 3671: "knxnet-ip", 3702: "ws-discovery", 4059: "dlms", 4500: "isakmp", 4840: "opcua",
    5006: "melsec", 5007: "melsec", 5050: "sbus", 5094: "hart-ip", 5351: "nat-pmp", 5353: "mdns", 5355: "llmnr",
    4713: "c37118",
    9600: "fins", 20000: "dnp3", 34962: "profinet-io", 34963: "profinet-io", 34964: "pnio-cm",
    34980: "ethercat", 44818: "enip", 47808: "bacnet", 48899: "ads", 55000: "fl-net", 1740: "codesys", 1234: "bsap",
    1235: "bsap", 1741: "codesys", 1742: "codesys", 1743: "codesys", 4000: "roc-plus",
    18246: "ge-egd", 17224: "trdp", 17225: "trdp", 6006: "ether-s-io",
}  # fmt: skip

ETHERTYPES: Final[dict[int, str]] = {
    0x0806: "arp", 0x0842: "wake-on-lan", 0x8035: "rarp", 0x809B: "appletalk", 0x8137: "ipx", 0x8204: "qnx",
    0x8819: "cobranet", 0x8847: "mpls", 0x8863: "pppoe", 0x8864: "pppoe", 0x886D: "intel-ans", 0x8870: "jumbo",
    0x888E: "eapol", 0x8892: "profinet", 0x88A4: "ethercat", 0x88AB: "powerlink", 0x88B8: "goose",
    0x88B9: "gse", 0x88BA: "sampled-values", 0x88CC: "lldp", 0x88CD: "sercos", 0x88E1: "homeplug", 0x88E3: "mrp",
    0x88E5: "macsec", 0x88F7: "ptp", 0x88FB: "prp", 0x8902: "cfm", 0x892F: "hsr", 0x9000: "loopback",
    0x8809: "slow-protocols", 0x86DD: "ipv6", 0x893A: "ieee1905",
}  # fmt: skip


def port_name(transport: int, server_port: int, client_port: int) -> str | None:
    """Name of a flow by its port. transport: IP protocol number, or 0x10000 + ethertype."""
    if transport >= 0x10000:
        kind = transport & 0xFFFF
        return ETHERTYPES.get(kind, "llc" if kind < 0x0600 else None)
    if transport == 6:
        return TCP.get(server_port) or TCP.get(client_port)
    if transport == 17:
        return UDP.get(server_port) or UDP.get(client_port)
    named = {
        1: "icmp",
        2: "igmp",
        8: "egp",
        46: "rsvp",
        50: "esp",
        51: "ah",
        58: "icmp6",
        88: "eigrp",
        89: "ospf",
    }
    return named.get(transport) or {103: "pim", 112: "vrrp", 132: "sctp"}.get(transport)
