"""The closed set of clue fields: identity facts that wires tell about a machine."""

from __future__ import annotations

from typing import Final

__all__ = ["CLUE_FIELDS"]

CLUE_FIELDS: Final[dict[str, str]] = {
    "mac": "link address that speaks for the IP address in `who`",
    "ip": "IP address that the machine says is its own (`who` is a MAC or another IP)",
    "name": "host, station or system name",
    "domain": "domain or workgroup name",
    "vendor": "manufacturer's name",
    "vendor-id": "manufacturer's number, with its registry: cip:1, bacnet:7, profinet:0x002a",
    "product": "product or model name",
    "product-code": "manufacturer's number for the product: cip:1/14/54 (vendor/type/code), profinet:0x002a/0x0101",
    "device-id": "the protocol's own number or address of the machine: bacnet:721, knx:1.1.5",
    "order-number": "order or catalogue number",
    "serial": "serial number",
    "firmware": "firmware or software version of the device",
    "hardware": "hardware revision",
    "os": "operating system",
    "role": "member of vocabulary.ROLES that the machine claims or shows",
    "device-type": "the protocol's own kind of device (CIP device type, LLDP capability, DCP role)",
    "unit": "a device behind this address: Modbus unit, S7 rack.slot, CIP path (`who` is address/unit)",
    "software": "server or client software with version, as a banner says",
    "service": "what it offers: protocol and port, as `modbus/502`",
    "user": "account name that logged in from there",
    "netmask": "its network mask",
    "router": "the router it is told to use",
    "routes": "this MAC forwards for IP addresses that are not its own (count)",
    "directs": "how this MAC tells others which way to send: `redirect`, `router-advertisement` (ICMP)",
    "proxy-arp": "this MAC answers ARP for IP addresses beyond its own (count)",
    "ttl": "initial TTL or hop limit guessed, and hops: `64-1`",
    "location": "where it is, as it says",
    "contact": "whom to ask, as it says",
    "description": "free text about itself (SNMP sysDescr, LLDP system description)",
    "fingerprint": "a habit of its software: ja3:…, ja4:…, dhcp:…, hassh:…, hassh-server:…",
    "port": "switch port it is attached to, as LLDP or CDP says",
    "vlan": "VLAN it lives in",
    "safety": "safety protocol it speaks",
}
"""field name → what its value means. inventory refuses others; docs/records.md prints this."""
