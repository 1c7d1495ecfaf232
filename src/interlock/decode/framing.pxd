# cython: language_level=3

cdef class Framer:
    # Not public: each look from Python would make a view anew. A framer in plain Python finds them in __dict__.
    cdef dict __dict__
    cdef const unsigned char[::1] octets
    cdef public Py_ssize_t want, leap, maximum
    cdef public int slot, side

    cpdef bind(self, octets)
    cpdef Py_ssize_t cut(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
    cpdef int begins(self, Py_ssize_t start, Py_ssize_t end) except -1
    cpdef forget(self, int slot)

cdef class LengthFramer(Framer):
    cdef Py_ssize_t header, at, width, add, minimum
    cdef bint little
    cdef unsigned long long mask
    cdef int checks
    cdef int[16] check_at
    cdef int[16] check_mask
    cdef int[16] check_value

    cpdef Py_ssize_t cut(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
    cpdef int begins(self, Py_ssize_t start, Py_ssize_t end) except -1

cdef class LineFramer(Framer):
    cpdef Py_ssize_t cut(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
