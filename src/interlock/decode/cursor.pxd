# cython: language_level=3
cimport cython
from libc.string cimport memcmp, memcpy

# Not -1: the compiler writes that of a final method's `long long` so that C refuses it.
@cython.final
cdef class Cursor:
    cdef readonly const unsigned char[::1] octets
    cdef public Py_ssize_t start, position, end
    cdef public long long looked, budget

    cpdef bind(self, const unsigned char[::1] octets)
    cpdef int begin(self, Py_ssize_t start, Py_ssize_t end) except -1
    cpdef int need(self, Py_ssize_t count) except -1
    cdef Py_ssize_t _look(self, Py_ssize_t count) except -1
    cpdef Py_ssize_t left(self)
    cpdef Py_ssize_t offset(self)
    cpdef int skip(self, Py_ssize_t count) except -1
    cpdef int seek(self, Py_ssize_t offset) except -1
    cpdef int peek(self, Py_ssize_t ahead) except -1
    cpdef int u8(self) except -1
    cpdef int u16be(self) except -1
    cpdef int u16le(self) except -1
    cpdef int u24be(self) except -1
    cpdef long long u32be(self) except 0x7FFFFFFFFFFFFFFF
    cpdef long long u32le(self) except 0x7FFFFFFFFFFFFFFF
    cpdef unsigned long long u64be(self) except? 0xFFFFFFFFFFFFFFFF
    cpdef unsigned long long u64le(self) except? 0xFFFFFFFFFFFFFFFF
    cpdef int i16be(self) except? -1
    cpdef int i16le(self) except? -1
    cpdef int i32be(self) except? -1
    cpdef int i32le(self) except? -1
    cpdef double f32be(self) except? -1
    cpdef double f32le(self) except? -1
    cpdef double f64be(self) except? -1
    cpdef double f64le(self) except? -1
    cpdef bytes take(self, Py_ssize_t count)
    cpdef bytes rest(self)
    cdef double _single(self, unsigned int bits)
    cdef double _double(self, unsigned long long bits)
    cpdef bint same(self, bytes expected, const int[::1] cuts) except -1
