# cython: language_level=3

cdef class EPath:
    cdef public long long class_id, instance, attribute, generation
    cdef public int code
    cdef public bint symbolic, safety, whole
    cdef public str text, route, scope, members
    cdef public list pieces, points
    cdef public dict meanings
