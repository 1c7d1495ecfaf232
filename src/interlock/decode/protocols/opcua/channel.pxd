# cython: language_level=3

cdef class Channel:
    cdef public long long channel, token, old_token, signature
    cdef public int security, doubts
    cdef public bint greeted
    cdef public str policy, mode, endpoint_url, announced
    cdef public dict partial, users, handles, about, build
    cdef public long long kept, opening
    cdef public list sequence
