# cython: language_level=3
from interlock.decode.flows cimport Flows
from interlock.decode.messages cimport Messages

cdef class Facts:
    cdef public list clues, oddities, credentials
    cdef public dict details, oddity_count
    cdef public long long suppressed, detailed, clock
    cdef public object wanted, artifacts
    cdef public Flows flows
    cdef dict _open, _said
    cdef list _framings
    cdef object _fingerprint

    cpdef int realm_of(self, int slot) except -1
    cpdef str address_of(self, int slot, int side)
    cpdef str sender(self, Messages m, int i)
    cpdef str receiver(self, Messages m, int i)
    cpdef clue(self, Messages m, int i, object who, object field, object value, object protocol,
               object confidence=*)
    cpdef clue_at(self, int source, long long time, long long frame, int realm, object who, object field,
                  object value, object protocol, object confidence)
    cpdef oddity(self, Messages m, int i, object protocol, object oddity, object offset=*)
    cpdef bint listens(self, int flow) except -1
    cpdef oddity_at(self, object source, object time, object frame, object flow, object protocol, object oddity,
                    object offset, object octets, int framing=*)
    cdef int _client_side(self, int slot) except -1
    cpdef bint wants(self, str table) except -1
    cpdef detail(self, str table, Messages m, int i, object row)
