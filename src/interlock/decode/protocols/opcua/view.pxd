# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.channel cimport Channel
from interlock.decode.protocols.opcua.service cimport Service
from interlock.decode.protocols.opcua.variants cimport Variants
from interlock.decode.sheet cimport Sheet

cdef class View(Service):
    cpdef ask_browse(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_browse_next(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_browse(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_translate(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_translate(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_nodes(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_register(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef nothing(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_query(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_add_nodes(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_add_nodes(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_add_references(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_delete_nodes(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_delete_references(self, Messages m, int i, Sheet out, int row, Channel state)
    cdef long long _references(self) except -1
    cdef str _path(self)
