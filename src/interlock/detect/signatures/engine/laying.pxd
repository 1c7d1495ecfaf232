# C's own, for laying.py where it is compiled.

from libc.string cimport memcpy, memmove
from interlock.detect.signatures.engine.stepping cimport compared
