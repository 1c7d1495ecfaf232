# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.channel cimport Channel
from interlock.decode.protocols.opcua.conversation cimport Conversation
from interlock.decode.protocols.opcua.variants cimport Variants
from interlock.decode.sheet cimport Sheet

cdef class OpcUa(Conversation):
    cdef public dict requests, answers

    cdef service(self, Messages m, int i, Sheet out, Channel state, long long call)
    cdef bint _reversed(self, Messages m, int i) except -1
    cdef bint _ask(self, Messages m, int i, Sheet out, Channel state, long long call, long long function) except -1
    cdef bint _answer(self, Messages m, int i, Sheet out, Channel state, long long call, long long kind) except -1
    cdef _end(self, Messages m, int i, Channel state)
