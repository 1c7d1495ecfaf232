# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.flows cimport Flows
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet

cdef class Lane:
    cdef public int frame_id, side, status, size
    cdef public long long generation
    cdef public object bond, data
    cdef public bint watched
    cdef public long long due, again
    cdef public dict told

cdef class Link:
    cdef public Lane first, second
    cdef public dict lanes
    cdef public object group

cdef class Profinet(Decoder):
    cdef public long long generation
    cdef public int rt_code, dcp_code, cm_code
    cdef public object rt_functions, bonds, cyclic, process, alarms, dcp, calls, groups

    cpdef message(self, Messages m, int i, Sheet out)
    cdef int _cyclic(self, Messages m, int i, Sheet out, int frame_id) except -1
    cdef Lane _lane(self, int slot, int side, int frame_id)
    cpdef Link link(self, int slot)
