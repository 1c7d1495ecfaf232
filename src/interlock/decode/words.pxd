# cython: language_level=3
cimport cython

@cython.final
cdef class Words:
    cdef public list texts
    cdef public dict codes
    cdef public long long generation, limit, used, refused, forgotten
    cdef unsigned long long seed
    cdef Py_ssize_t mask
    cdef unsigned long long[::1] keys
    cdef int[::1] kept

    cpdef int code(self, str text) except -1
    cpdef int find(self, unsigned long long key)
    cpdef int keep(self, unsigned long long key, str text) except -1
    cdef _empty(self, Py_ssize_t capacity)
    cdef Py_ssize_t _place(self, unsigned long long key) except -1
    cdef _widen(self)
