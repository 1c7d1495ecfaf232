# cython: language_level=3
cimport cython

@cython.final
cdef class Messages:
    cdef public object array
    cdef public const unsigned char[::1] octets
    cdef public int n
    cdef int capacity
    cdef dict columns
    cdef public long long[::1] offset, time, frame
    cdef public int[::1] length, flow, source
    cdef public unsigned char[::1] side, direction

    cpdef bind(self, array)
    cpdef int append(self, int flow, int side, int direction, Py_ssize_t offset, Py_ssize_t length,
                     long long time, long long frame, int source) except -1
    cpdef bytes bytes(self, int i)
