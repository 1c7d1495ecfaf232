# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.encoding cimport Encoding
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet
from interlock.decode.words cimport Words

cdef class Variants(Encoding):
    cdef public ValueSheet values
    cdef public Words names
    cdef public int protocol_code, good
    cdef public int kind
    cdef public long long status
    cdef public bint found
    cdef public str text
    cdef public object structure
    cdef list scalar_types, array_types, parts
    cdef dict qualities
    cdef long long kept

    cpdef int quality(self, long long status) except -1
    cpdef int variant(self, Messages m, int i, unsigned long long operation, int object, int direction) except -2
    cpdef int data_value(self, Messages m, int i, unsigned long long operation, int object, int direction) except -2
    cpdef int skip_variant(self, int depth) except -1
    cpdef int skip_data_value(self, int depth) except -1
    cdef int _dimensions(self, int mask) except -1
    cdef int _fill(self, int row, int kind, long long count, int depth) except -1
    cdef int _numbers(self, int kind, long long count) except -1
    cdef int _texts(self, int kind, long long count) except -1
    cdef int _inner(self, int row, int kind, int depth) except -1
    cdef int _octets(self, int row, int kind, long long count) except -1
    cdef int _skip(self, int kind, long long count, int depth) except -1
    cdef double _number(self, int kind) except? -1
    cdef str _text(self, int kind)
