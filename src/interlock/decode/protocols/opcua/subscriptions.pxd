# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.opcua.channel cimport Channel
from interlock.decode.protocols.opcua.service cimport Service
from interlock.decode.protocols.opcua.variants cimport Variants
from interlock.decode.sheet cimport Sheet

cdef class Subscriptions(Service):
    cdef public object identity

    cpdef ask_create_items(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_create_items(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_modify_items(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_modify_items(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_mode(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_triggering(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_triggering(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_delete_items(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_create(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_modify(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_publishing(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_subscriptions(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_publish(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_publish(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef ask_republish(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_republish(self, Messages m, int i, Sheet out, int row, Channel state)
    cpdef answer_transfer(self, Messages m, int i, Sheet out, int row, Channel state)
    cdef _parameters(self)
    cdef _monitored(self, Sheet out, int row, long long subscription)
    cdef int _notification(self, Messages m, int i, unsigned long long operation, long long subscription,
                           Channel state) except -1
    cdef int _changes(self, Messages m, int i, unsigned long long operation, long long subscription,
                      Channel state) except -1
    cdef int _events(self, Messages m, int i, unsigned long long operation, long long subscription,
                     Channel state) except -1
    cdef int _object(self, long long subscription, long long handle, Channel state) except -1
