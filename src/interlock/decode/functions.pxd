# cython: language_level=3

cdef class Functions:
    cdef public str protocol
    cdef public int verb, name
    cdef public int protocol_code
    cdef public unsigned long long key_base
    cdef public dict table
    cdef object words

    cpdef int find(self, long long function)
