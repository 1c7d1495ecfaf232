# cython: language_level=3
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class Bsap(Decoder):
    cdef public object signals, units, database
    cdef public dict kinds

    cpdef message(self, Messages m, int i, Sheet out)
    cdef _over_ip(self, Messages m, int i, Sheet out, bytes octets)
    cdef _orient(self, Messages m, int i, int direction)
    cdef _serial(self, Messages m, int i, Sheet out, bytes octets)
    cdef _ask(self, Messages m, int i, Sheet out, long long key, int service, bytes data, str unit, int sequence)
    cdef _name(self, Sheet out, int row, tuple reading)
    cdef _answer(self, Messages m, int i, Sheet out, long long key, bytes body, str unit, int sequence)

cdef long long _u32(bytes octets, Py_ssize_t at) except -1
