# cython: language_level=3

cdef class Ber:
    cdef public bytes octets
    cdef public Py_ssize_t at, end, start

    cdef int _next(self) except -1
    cpdef tuple element(self)
    cpdef Py_ssize_t content(self, int tag) except -1
    cpdef Ber inside(self, int tag)
    cpdef integer(self)
    cpdef bytes string(self)
    cpdef bint left(self)

cpdef str oid_text(bytes octets)
cdef str _spelled(bytes octets)
