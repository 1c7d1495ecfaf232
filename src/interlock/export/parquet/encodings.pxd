# cython: language_level=3
cimport cython
from libc.string cimport memcpy
