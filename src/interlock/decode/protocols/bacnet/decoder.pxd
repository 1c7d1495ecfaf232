# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.flows cimport Flows
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.bacnet.exchange cimport Exchange
from interlock.decode.protocols.bacnet.tags cimport Parameters
from interlock.decode.sheet cimport Sheet

cdef class Bacnet(Decoder):
    cdef public object users, bvlc
    cdef public dict verbs, units
    cdef Cursor whole
    cdef Exchange x
    cdef list questions
    cdef public object files

    cpdef message(self, Messages m, int i, Sheet out)
    cpdef flow(self, int slot)
    cpdef orient(self, Messages m, int i, int client_side)
    cpdef network(self, Messages m, int i, Sheet out, Cursor c, str origin)
    cdef long long _key(self, int invoke, object asker, object asked) except -1
    cdef int _unit(self, object end) except -2
    cdef _confirmed(self, Messages m, int i, Sheet out, Cursor c, object source, object destination, int kind)
    cdef Cursor _joined(self, bytes octets)
    cdef _unconfirmed(self, Messages m, int i, Sheet out, Cursor c, object source, object destination, str origin)
    cpdef int tell(self, Messages m, int i, Sheet out, int function, bint report) except -1
    cdef int _who_is(self, Messages m, int i, Sheet out, Cursor c) except -1
    cpdef heard(self, Exchange x, int instance)
    cdef _answer(self, Messages m, int i, Sheet out, Cursor c, object source, object destination, int kind)
    cdef _settle(self, Messages m, int i, Sheet out, Cursor c, int row, int unit, int which, int last, bint fresh)
    cdef _router(self, Messages m, int i, Sheet out, Cursor c, int number, int vendor)
    cpdef int put_value(self, Messages m, int i, Sheet out, int row, str name, object value, int direction) except? -1
