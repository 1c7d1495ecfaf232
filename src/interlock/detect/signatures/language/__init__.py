"""Suricata's and Snort's rule language: text in, signatures or refusals out. No I/O."""
