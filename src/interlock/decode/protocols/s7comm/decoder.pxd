# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.s7comm.connection cimport Connection
from interlock.decode.protocols.s7comm.plus cimport Plus
from interlock.decode.protocols.s7comm.s7 cimport S7
from interlock.decode.sheet cimport Sheet

cdef class Cotp(Decoder):
    cdef public S7 s7
    cdef public Plus plus
    cdef list made

    cpdef message(self, Messages m, int i, Sheet out)
    cdef _fragment(self, Messages m, int i, Sheet out, Connection link, int last)
    cdef _payload(self, Messages m, int i, Sheet out, Connection link)
    cdef _other(self, Messages m, int i, Sheet out, Connection link)
    cdef _ride(self, Messages m, int i, Sheet out, Connection link)
    cdef _rename(self, Messages m, int i, Connection link, int code)
    cdef _control(self, Messages m, int i, Connection link, int kind, int indicator)
    cdef _connection(self, Messages m, int i, Connection link, bint asks, dict parameters, dict row)
