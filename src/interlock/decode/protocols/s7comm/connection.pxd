# cython: language_level=3

cdef class Connection:
    cdef public int kind, unit, pdu_length
    cdef public bint told, encrypted
    cdef public list joined, held, overflow, sequences
    cdef public object rider, rider_state
    cdef public dict uploads, loads, jobs, parts, asked, created

    cpdef object join(self, int side, bytes octets, bint last)

cpdef object keep(dict known, object key, object value)
