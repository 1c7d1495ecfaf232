# cython: language_level=3
from interlock.decode.framing cimport Framer

cdef class TlsFramer(Framer):
    cpdef Py_ssize_t cut(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
    cpdef int begins(self, Py_ssize_t start, Py_ssize_t end) except -1
