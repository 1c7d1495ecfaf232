# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class Link:
    cdef public tuple parts
    cdef public list number, torn
    cdef public long long last

cdef class Frame:
    cdef tuple destination, source
    cdef int kind, number
    cdef bint more
    cdef Py_ssize_t begin, size

cdef class Dlms(Decoder):
    cdef public object users, apdus, associations
    cdef public dict clients, servers
    cdef bytes roles
    cdef Cursor whole

    cpdef message(self, Messages m, int i, Sheet out)
    cpdef Link link(self, Messages m, int i, tuple client, tuple server)
    cpdef int orient(self, Messages m, int i, bint asks) except -1
    cdef _hdlc(self, Messages m, int i, Sheet out, Frame frame)
    cdef _information(self, Messages m, int i, Sheet out, Frame frame)
    cdef _who(self, Sheet out, int row, tuple client, tuple server)
    cdef _apdu(self, Messages m, int i, Sheet out, Cursor c, tuple source, tuple destination)
    cdef _from_client(self, Messages m, int i, Sheet out, Cursor c, int tag, tuple client, tuple server)
    cdef _from_server(self, Messages m, int i, Sheet out, Cursor c, int tag, tuple client, tuple server)

cdef Frame _read_frame(Cursor c)
cdef tuple _address(Cursor c)
cdef long long _invoke(Cursor c, int tag) except? -2
cdef long long _key(tuple client, tuple server, long long tag, long long invoke) except? -2
