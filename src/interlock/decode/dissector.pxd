# cython: language_level=3
cimport cython
from interlock.decode.packet cimport Packet
from interlock.decode.flows cimport Flows
from interlock.decode.framing cimport Framer
from interlock.decode.messages cimport Messages

@cython.final
cdef class Dissector:
    cdef public Packet packet
    cdef public Flows flows
    cdef public object recogniser, facts, array, watcher
    cdef const unsigned char[::1] octets
    cdef unsigned char[::1] writable
    cdef public long long spill
    cdef public list framers, messages
    cdef public dict carries, wants, queues, holes, resets, fragments
    cdef public long long[::1] counts
    cdef public object count_array
    cdef long long[:, ::1] twins
    cdef object twin_array
    cdef long long[:, ::1] seen
    cdef object seen_array
    cdef public list ended
    cdef public long long now, clock, latest, look, fragment_octets, queue_octets
    cdef public int most_flows
    cdef public long long most_queued, crowded, abandoned
    cdef list bound
    cdef public long long[::1] multicast
    cdef public object multicast_array
    cdef long long[::1] beat
    cdef object hung
    cdef int suspects, segments, datagrams, follows, late, bare, noted, checked, whole, resets_end, picked, many_beside
    cdef dict besides
    cdef long long[:, ::1] sampled
    cdef Messages tapped
    cdef const unsigned char[::1] spoken, endless
    cdef set torn
    cdef object tunnelled

    cdef int _note(self, int slot, int side, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _note_packet(self, int kind, int slot, int side) except -1
    cdef int _carrier(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _note_carrier(self) except -1
    cdef Py_ssize_t _within(self, int slot, int side, Py_ssize_t length) except -1
    cdef int _outside(self, int slot) except -1
    cdef int _sample(self, int kind) except -1
    cdef int _unseen(self, int slot) except -1
    cdef int _bareness(self, int kind) except -1
    cdef int _of_icmp(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _frame(self, int kind) except -1
    cdef int _account(self, int slot, int side) except -1
    cdef int _tick(self, long long time) except -1
    cdef int _idle(self, int slot) except -1
    cdef int _told(self, int slot) except -1
    cdef int _again(self, int slot, int side) except -1
    cdef bint _opens_again(self, int slot, int told, int side) except -1
    cdef int _alike(self, int slot, int told) except -1
    cdef int _lapse(self, int slot)
    cdef int _over(self, int slot, long long clock) except -1
    cdef int _twin(self) except -1
    cdef int _tcp(self, int slot, int side) except -1
    cdef int _see(self, int slot, int side, long long length) except -1
    cdef int _seen_before(self, int slot, int side, long long length) except -1
    cdef _tell(self, int slot, str oddity, Py_ssize_t start, Py_ssize_t end)
    cdef int _deliver(self, int slot, int side, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _datagram(self, int slot, int side) except -1
    cdef int _acknowledged(self, int slot, int side, int answering) except -1
    cdef int _drain(self, int slot, int side, int given_up) except -1
    cdef int _carry(self, int slot, int side, object octets) except -1
    cdef object _take(self, int slot, int side)
    cdef int _cut(self, int slot, int side, Framer framer, Messages out, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _identify(self, int slot, int side, Py_ssize_t start, Py_ssize_t end) except? -99
    cdef int _first_sight(self, int slot, int side) except -1
