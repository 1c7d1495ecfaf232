# C's own, for laying.py where it is compiled.

from libc.string cimport memcpy, memmove
