# cython: language_level=3
from interlock.decode.cursor cimport Cursor

cimport cython

@cython.final
cdef class Parameters:
    cdef public Cursor c
    cdef public bint ahead
    cdef public int kind, number
    cdef public long long length
    cdef public Py_ssize_t at

    cpdef begin(self, Cursor cursor)
    cpdef int look(self) except -1
    cdef long long _extended(self) except 0x7FFFFFFFFFFFFFFF
    cpdef bytes content(self)
    cpdef bint more(self) except -1
    cpdef bint has(self, int number) except -1
    cpdef bint opens(self, int number) except -1
    cpdef int closes(self, int number) except -1
    cpdef unsigned long long required(self, int number) except? 0xFFFFFFFFFFFFFFFF
    cpdef optional(self, int number)
    cpdef unsigned long long plain(self, int tag) except? 0xFFFFFFFFFFFFFFFF
    cdef unsigned long long _unsigned(self) except? 0xFFFFFFFFFFFFFFFF
    cpdef int skip(self) except -1
    cpdef int pass_value(self, int closing) except -1
    cpdef int skip_rest(self, int number) except -1
