# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.channel cimport Channel
from interlock.decode.protocols.opcua.variants cimport Variants
from interlock.decode.sheet cimport Sheet

cdef class Conversation(Decoder):
    cdef public Variants v
    cdef public object identity, sessions, told
    cdef bint tells
    cdef public dict answer_ids
    cdef long long kept
    cdef int encrypted_name

    cpdef message(self, Messages m, int i, Sheet out)
    cpdef forget(self, int slot)
    cdef service(self, Messages m, int i, Sheet out, Channel state, long long call)
    cdef long long key(self, Channel state, long long call) except? -1
    cdef long long response_header(self) except -1
    cdef Channel _channel(self, Messages m, int i)
    cdef _hello(self, Messages m, int i, Sheet out, int kind)
    cdef _open(self, Messages m, int i, Sheet out, Channel state)
    cdef _opened(self, Messages m, int i, Sheet out, Channel state)
    cdef _sealed_open(self, Messages m, int i, Sheet out, Channel state)
    cdef _tell_opening(self, Messages m, int i, Sheet out, int row, bint sealed)
    cdef _chunk(self, Messages m, int i, Sheet out, Channel state, int kind, int letter)
    cdef bint _begins(self) except -1
    cdef int _read_mode(self, Messages m, int i, Channel state, bint begins) except -1
    cdef _sealed(self, Messages m, int i, Sheet out, int kind)
    cdef _identified(self, Messages m, int i, Channel state, long long channel, long long token)
    cdef _sequence(self, Messages m, int i, Channel state, long long number)
    cdef _collect(self, Messages m, int i, Sheet out, Channel state, long long call, int letter)
    cdef _drop(self, Channel state, long long place)
