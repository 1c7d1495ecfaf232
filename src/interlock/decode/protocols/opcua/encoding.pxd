# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.words cimport Words

cdef class Encoding:
    cdef public Cursor cursor
    cdef public Words objects
    cdef public unsigned long long key_base
    cdef public int namespace
    cdef public long long identifier

    cpdef long long length(self, int smallest) except -1
    cpdef int type_id(self) except -1
    cpdef int node(self) except -1
    cpdef int item(self) except -1
    cpdef str node_text(self)
    cpdef skip_node(self)
    cpdef str string(self)
    cpdef bytes octets(self)
    cpdef int skip_string(self) except -1
    cpdef str qualified_name(self)
    cpdef str localized_text(self)
    cpdef str guid(self)
    cpdef int skip_strings(self) except -1
    cpdef int skip_diagnostic(self) except -1
    cpdef int skip_diagnostics(self) except -1
    cpdef long long extension(self) except -1
    cpdef skip_extension(self)
