# cython: language_level=3
from interlock.decode.cursor cimport Cursor

cdef class Header:
    cdef public int kind, operation, length, fragment
    cdef public long long sequence, key
    cdef public bint little, goes_on
    cdef public bytes object, interface, activity

cdef class Channel:
    cdef public str kind
    cdef public int reference, rt_class, octets, frame_id
    cdef public long long send_clock, cycle, watchdog
    cdef public list data, consumers

cdef class Submodule:
    cdef public long long api, module, ident
    cdef public int slot, subslot, inputs, outputs

cdef class Part:
    cdef public int slot, subslot, offset, octets
    cdef public bint state_only
    cdef public tuple items

cdef class Asked:
    cdef public str relation, mac, station
    cdef public int kind, session_key
    cdef public tuple product, target
    cdef public list channels, submodules

cdef class Accepted:
    cdef public str mac
    cdef public dict frame_ids

cpdef Header read_header(Cursor c)
cdef bytes _uuid(Cursor c, bint little)
cpdef int next_block(Cursor c, Py_ssize_t end) except -1
cpdef int read_asked(Cursor c, Asked asked) except -1
cdef int _relation(Cursor c, Asked asked) except -1
cdef Channel _channel(Cursor c)
cdef int _places(Cursor c, Channel channel) except -1
cdef int _place(Cursor c, list found) except -1
cdef int _submodules(Cursor c, list found) except -1
cdef int _lengths(Cursor c, Submodule submodule) except -1
cpdef Accepted read_accepted(Cursor c)
cpdef tuple lay_out(Channel channel, dict submodules, object description)
