# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.facts cimport Facts
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.bacnet.tags cimport Parameters
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet
from interlock.decode.words cimport Words

cimport cython

@cython.final
cdef class Exchange:
    cdef public object decoder, who
    cdef public Parameters p
    cdef public Messages m
    cdef public Sheet out
    cdef public int i, row, unit
    cdef Words objects, names
    cdef ValueSheet values
    cdef Facts facts
    cdef int protocol_code, items
    cdef unsigned long long key_base
    cdef bint fresh, clued

    cpdef int begin(self, Messages m, int i, Sheet out, int row, int unit, Cursor c, bint fresh) except -1
    cpdef int name(self, int code, long long count=*) except? -1
    cpdef int object(self, unsigned long long identifier, unsigned long long prop=*, object index=*,
                     long long count=*) except? -1
    cpdef int spell(self, unsigned long long identifier, unsigned long long prop=*, object index=*) except -1
    cpdef int put(self, unsigned long long identifier, unsigned long long prop, object index, object value,
                  int direction) except? -1
    cpdef quality(self, int row, str text)
    cpdef bint reads(self, unsigned long long identifier, object index) except -1
    cpdef asked_property(self)
    cpdef told_property(self)
    cpdef refused(self, int service)
    cpdef int error_code(self) except? -1
    cpdef results(self, unsigned long long identifier, list found, int direction)
    cpdef int result(self, unsigned long long identifier, unsigned long long prop, object index, object value,
                     int direction) except? -1
    cdef _tell(self, unsigned long long identifier, unsigned long long prop, object value)
    cpdef clue(self, str field, object text, object confidence)
