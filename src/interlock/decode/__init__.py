"""Frames in, records out: link, network, streams and the protocols. No I/O here.

Modules marked `# cython: compiled` are ordinary Python that Cython also turns into C; uncompiled they
are the oracle that tests compare with.
"""
