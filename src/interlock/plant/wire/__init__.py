"""Frames of the twin: Ethernet, IPv4, UDP, TCP; octets out, nothing sent."""
