"""Interlock's decoders against independent decoders over real captures; see scripts/conformance.py."""
