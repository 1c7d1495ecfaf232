# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.values cimport ValueSheet
from interlock.decode.words cimport Words

cdef class DataTypes:
    cdef Cursor cursor
    cdef ValueSheet values
    cdef Words names
    cdef dict known, structures
    cdef int protocol, mask_type

    cpdef int typed(self, Messages m, int i, unsigned long long operation, int unit, int object, int direction,
                    bint counted, int skipped) except? -2
    cdef _numbers(self, Messages m, int i, unsigned long long operation, int unit, int object, int direction, int name,
                  int width, int form, Py_ssize_t elements)
    cdef _text(self, Messages m, int i, unsigned long long operation, int unit, int object, int direction, int name,
               int width)
    cdef _structure(self, Messages m, int i, unsigned long long operation, int unit, int object, int direction,
                    int handle)
    cdef int _named(self, int number, str form) except -1
    cpdef masks(self, Messages m, int i, unsigned long long operation, int unit, int object)
    cpdef raw(self, Messages m, int i, unsigned long long operation, int unit, int object, int direction, int name)
