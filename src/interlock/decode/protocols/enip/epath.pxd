# cython: language_level=3

cimport cython

@cython.final
cdef class EPath:
    cdef public long long class_id, instance, attribute, generation
    cdef public int code, service
    cdef public Py_ssize_t size
    cdef public bytes octets
    cdef public object meaning
    cdef public bint symbolic, safety, whole
    cdef public str text, route, scope, members
    cdef public list pieces, points
    cdef public dict meanings
