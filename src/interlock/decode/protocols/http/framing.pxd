# cython: language_level=3
from interlock.decode.framing cimport Framer

cdef class HttpFramer(Framer):
    cdef dict modes, methods

    cpdef Py_ssize_t cut(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
    cpdef int begins(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef bytes _octets(self, Py_ssize_t start, Py_ssize_t end)
    cdef Py_ssize_t _head(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
    cdef Py_ssize_t _chunk(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
