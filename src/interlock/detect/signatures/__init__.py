"""Signatures: rules in the language of Suricata and Snort, and what they mean."""
