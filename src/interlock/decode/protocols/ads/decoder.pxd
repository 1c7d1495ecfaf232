# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet

cdef int NOTIFICATION, COMMANDS, ANSWER

cdef class Ads(Decoder):
    cdef public int octets, state_type
    cdef public object users, requests, answers, discovery
    cdef dict _units
    cdef unsigned long long[::1] at_hand
    cdef int[::1] hand_codes

    cpdef message(self, Messages m, int i, Sheet out)
    cpdef int unit(self, bytes net_id, long long port) except -2
    cpdef object handles(self, Messages m, int i)
    cdef _answer(self, Messages m, int i, Sheet out, long long command, long long error, long long key,
                 long long invoke, int device)
    cdef int _unit_at(self, unsigned long long number) except -2
    cdef _state(self, Messages m, int i, Sheet out, int row)
    cdef _notify(self, Messages m, int i, Sheet out, int device)
