# cython: language_level=3
cimport cython
from interlock.decode.messages cimport Messages
from interlock.decode.values cimport ValueSheet
from interlock.decode.words cimport Words

@cython.final
cdef class Writer:
    cdef ValueSheet values
    cdef Words names, objects
    cdef int protocol_code

    cpdef int write(self, Messages m, int i, unsigned long long operation, list blocks, int direction, object when=*) except -1
