# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.words cimport Words

cdef class Address:
    cdef public Cursor cursor
    cdef public Words objects
    cdef unsigned long long key_base
    cdef public int object, kind
    cdef public long long count
    cdef public bint known

    cpdef int read(self) except -1
    cdef int _any(self) except -1
    cdef str _rare(self, int syntax, int length)
    cdef str _dbread(self)
    cdef str _symbolic(self, int length)
    cdef str _nck(self)
