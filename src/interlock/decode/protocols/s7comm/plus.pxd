# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.s7comm.connection cimport Connection
from interlock.decode.sheet cimport Sheet
from interlock.decode.words cimport Words

cdef class Plus:
    cdef public Cursor cursor
    cdef public object facts
    cdef public Words objects
    cdef public Functions f
    cdef int report, notification, system_event
    cdef dict verbs

    cpdef int receive(self, Messages m, int i, Sheet out, Connection link) except -1
    cdef int _event(self, Messages m, int i, Sheet out) except -1
    cdef int _head(self, Messages m, int i, Sheet out, Connection link, int version) except -1
    cdef int _numbered(self, unsigned long long kind, unsigned long long number) except -1
    cdef int _request(self, Messages m, int i, Sheet out, Connection link, int function, int sequence) except -1
    cdef int _answer(self, Messages m, int i, Sheet out, Connection link, int function, int sequence) except -1
    cdef int _return_value(self, Sheet out, int row) except -1
    cdef int _learn(self, Messages m, int i, Sheet out, Connection link, int row, int function) except -1
    cdef int _told(self, Messages m, int i, object facts) except -1
