# cython: language_level=3
cimport cython
from interlock.decode.packet cimport Packet
from interlock.decode.words cimport Words

@cython.final
cdef class Flows:
    cdef public int capacity, used, live
    cdef int table_mask, graves
    cdef public dict columns
    cdef public Words addresses
    cdef public list free, state
    cdef unsigned long long seed
    cdef public object table_array
    cdef int[::1] table
    cdef unsigned long long[:, ::1] key
    # Not public: each look from Python would make a view anew. Plain Python finds the columns in __dict__.
    cdef dict __dict__
    cdef unsigned long long[::1] ident
    cdef long long[::1] first, last, first_frame, last_frame, clock, over, tags
    cdef int[::1] source, last_source, realm, vlan, transport, turn
    cdef short[::1] protocol
    cdef unsigned char[::1] basis, confidence, tries, refused, client_side, oriented, tcp, opening, opaque, alive, beside, family
    cdef int[::1] retransmissions, gaps, duplicates, bad_checksums, offloaded_checksums
    cdef int[:, ::1] address, port, ipid, ttl, window, last_length
    cdef long long[:, ::1] packets, octets, payload, next_seq, acked, last_time, leap, heard, since, shown
    cdef unsigned long long[:, ::1] mac
    cdef unsigned char[:, ::1] sync, fin, queued, carried, deep
    cdef public int side
    cdef public long long frame
    cdef public dict turns

    cpdef int find(self, Packet p) except -1
    cdef int _insert(self, Packet p, int a_first, unsigned long long k0, unsigned long long k1,
                     unsigned long long k2, unsigned long long k3, unsigned long long k4) except -1
    cdef unsigned long long _hash(self, unsigned long long k0, unsigned long long k1, unsigned long long k2,
                                  unsigned long long k3, unsigned long long k4)
    cdef int _clear(self, int slot) except -1
    cdef int _rebuild(self) except -1
    cdef long long patience(self, int slot)
    cpdef int forget_key(self, int slot) except -1
    cpdef int again(self, Packet p, int slot) except -1
    cpdef str address_of(self, int slot, int side)
    cpdef int realm_of(self, int slot)
    cpdef int server_port(self, int slot)
    cpdef int client_port(self, int slot)
    cpdef orient(self, int slot, int client_side)
