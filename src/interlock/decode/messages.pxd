# cython: language_level=3
cimport cython

@cython.final
cdef class Messages:
    cdef public object array
    cdef public const unsigned char[::1] octets
    cdef public int n, place, turn
    cdef public list waiting
    cdef int capacity
    cdef dict columns
    # Not public: each look from Python would make a view anew. Plain Python finds the columns in __dict__.
    cdef dict __dict__
    cdef long long[::1] offset, time, frame, clock
    cdef int[::1] length, flow, source, gaps
    cdef unsigned char[::1] side, direction

    cpdef bind(self, array)
    cpdef done(self)
    cpdef int append(self, int flow, int side, int direction, Py_ssize_t offset, Py_ssize_t length,
                     long long time, long long frame, int source, long long clock=*, int gaps=*) except -1
    cpdef bytes bytes(self, int i)
