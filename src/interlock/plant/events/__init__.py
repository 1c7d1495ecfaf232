"""Rare events that are nobody's attack, one short file each: what happens, and why it looks like one."""
