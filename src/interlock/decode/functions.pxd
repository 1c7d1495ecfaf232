# cython: language_level=3
cimport cython

@cython.final
cdef class Functions:
    cdef public str protocol
    cdef public int verb, name
    cdef public int protocol_code
    cdef public unsigned long long key_base
    cdef public dict table
    cdef object words
    cdef int[::1] small_verb, small_name

    cpdef int find(self, long long function)
