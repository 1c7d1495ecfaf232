# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class Arp(Decoder):
    cdef dict asked

    cpdef message(self, Messages m, int i, Sheet out)
    cdef str _mac(self)
    cdef _request(self, Messages m, int i, Sheet out, int operation, str one, str other)
    cdef _reply(self, Messages m, int i, Sheet out, int operation, str one, str other)
    cdef _ends(self, Sheet out, int row, str one, str other)
    cdef _clues(self, Messages m, int i, str mac, str ip)
