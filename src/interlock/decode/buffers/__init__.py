"""Stretches of octets with Suricata's names, cut out of packets and streams, only while somebody asks for them."""
