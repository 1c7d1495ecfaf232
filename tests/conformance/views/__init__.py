"""Rows of our tables in the shape of other decoders' logs; one module per protocol."""
