# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.enip.cip cimport CommonIndustrial
from interlock.decode.sheet cimport Sheet

cdef class Enip(CommonIndustrial):
    cdef public int io_code
    cdef public bint tells_implicit
    cdef long long ends_changes
    cdef long long[::1] ends, end_numbers
    cdef int[::1] end_units

    cpdef message(self, Messages m, int i, Sheet out)
    cdef _implicit(self, Messages m, int i, int slot)
    cdef _tell_implicit(self, Messages m, int i, int slot, long long connection, long long sequence)
    cdef _command(self, Messages m, int i, Sheet out, int command, int length, long long session, long long status,
                  unsigned long long context)
    cdef bint _is_answer(self, Messages m, int i, int command, int length, long long session, long long status) except -1
    cdef long long _context_key(self, unsigned long long context)
    cdef _carrier(self, Messages m, int i, Sheet out, long long status, unsigned long long context)
    cdef _route(self, Messages m, int i, Sheet out, int kind, long long connection, unsigned long long context)
    cdef int _end(self, long long connection) except -1
    cdef _undeliverable(self, Messages m, int i, Sheet out, unsigned long long context, long long status)
