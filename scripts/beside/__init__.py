"""Suricata beside: the same rules over the same captures, what it says and what we say."""
