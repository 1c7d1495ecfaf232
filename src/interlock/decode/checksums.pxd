# cython: language_level=3
from libc.string cimport memcpy

cdef bint LITTLE

cdef class Summing:
    cdef public const unsigned char[::1] octets
    cdef int internet_sum(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int verdict(self, Py_ssize_t start, Py_ssize_t end, Py_ssize_t at, unsigned long long pseudo) except -1

cpdef unsigned long long folded(unsigned long long total) noexcept
cpdef unsigned long long halves(unsigned long long number) noexcept
