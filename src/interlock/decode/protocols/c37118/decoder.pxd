# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class C37118(Decoder):
    cdef public object streams
    cdef public dict units, qualities

    cpdef message(self, Messages m, int i, Sheet out)
    cdef int _orient(self, Messages m, int i, int client_side) except -1
    cpdef int unit(self, int idcode) except? -1
    cdef _command(self, Messages m, int i, Sheet out, int idcode, Py_ssize_t body, dict told)
    cpdef tell(self, Messages m, int i, Sheet out, int row, dict told)
    cdef _data(self, Messages m, int i, Sheet out, int idcode, bytes octets, dict told, long long soc,
               long long fraction, bint sound)
    cdef _readings(self, Messages m, int i, unsigned long long operation, int idcode, object layout, bytes octets,
                   long long soc, long long fraction)
