"""Indicators of compromise: addresses, names and hashes that somebody vouches for, looked up in what was seen."""
