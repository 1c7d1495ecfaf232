# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.channel cimport Channel
from interlock.decode.protocols.opcua.service cimport Service
from interlock.decode.protocols.opcua.variants cimport Variants
from interlock.decode.sheet cimport Sheet

cdef class Attributes(Service):
    cdef public Functions methods
    cdef public object identity, files
    cdef int write_verb, configure_verb

    cpdef ask_read(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_read(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_write(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_history(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_history(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_update(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_update(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_call(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_call(self, Messages m, int i, Sheet out, int row, Channel state)
    cdef _argument(self, Messages m, int i, unsigned long long operation, int object, int direction, list given)
    cdef _data_values(self, Messages m, int i, unsigned long long operation, int object, int direction)
