"""Attacks whose particulars are drawn anew each time: who, whom, what, how fast, in which order."""
