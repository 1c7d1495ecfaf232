# cython: language_level=3
cimport cython

@cython.final
cdef class Words:
    cdef public list texts
    cdef public dict codes, numbers
    cdef public long long generation, limit

    cpdef int code(self, str text) except -1
    cpdef int find(self, unsigned long long key)
    cpdef int keep(self, unsigned long long key, str text) except -1
