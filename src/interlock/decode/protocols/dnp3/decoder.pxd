# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.framing cimport Framer
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet

cdef int UNKNOWN, OK, REFUSED, WRITTEN, READ, REPORTED, ASKED, ANSWERED, TOLD, LINK, MAX_ITEMS
cdef long long NO_NUMBER, NO_TIME, AUTH_KEY, LINK_KEY, M48, POINT_KEY

cdef class LinkFramer(Framer):
    cpdef Py_ssize_t cut(self, Py_ssize_t start, Py_ssize_t end) except? -9223372036854775807
    cpdef int begins(self, Py_ssize_t start, Py_ssize_t end) except -1

cdef class Dnp3(Decoder):
    cdef public Cursor app
    cdef object scratch_array
    cdef public object files
    cdef unsigned char[:] scratch
    cdef int[:, :] layouts
    cdef int[:] qualities
    cdef unsigned short[256] table
    cdef public int master, outstation, from_master, unit, function, items, points, control
    cdef long long key
    cdef public int direction
    cdef int block_quality, reset_verb
    cdef long long cto, when
    cdef object session

    cpdef message(self, Messages m, int i, Sheet out)
    cdef int _crc(self, Cursor c, Py_ssize_t begin, Py_ssize_t count)
    cdef _frame(self, Messages m, int i, Sheet out)
    cdef _orient(self, Messages m, int i)
    cdef int _blocks(self, Messages m, int i, Py_ssize_t begin, int count) except -1
    cdef _link(self, Messages m, int i, Sheet out, int control)
    cdef _segment(self, Messages m, int i, Sheet out, int count)
    cdef _application(self, Messages m, int i, Sheet out)
    cdef _request(self, Messages m, int i, Sheet out, int control)
    cdef _response(self, Messages m, int i, Sheet out, int control)
    cdef int _answered(self, Messages m, int i, Sheet out, int control) except -2
    cdef _objects(self, Messages m, int i, Sheet out, int row, int mode)
    cdef _header(self, Messages m, int i, Sheet out, int row, int mode)
    cdef _data(self, Messages m, int i, Sheet out, int row, int group, int variation, long long start, long long count, int prefix)
    cdef _named(self, Sheet out, int row, int group, int variation, long long start, long long count, int prefix)
    cdef _indices(self, Sheet out, int row, int group, int variation, long long count, int prefix)
    cdef long long _prefix(self, int prefix) except -1
    cdef _bits(self, Messages m, int i, Sheet out, int row, int group, int variation, long long start, long long count, int width)
    cdef _points(self, Messages m, int i, Sheet out, int row, int group, int variation, long long start, long long count, int prefix)
    cdef double _number(self, int kind, int flags) except? -1
    cdef long long _time(self) except? -1
    cdef int _quality(self, int kind, int octet) except -1
    cpdef item(self, Sheet out, int row, int code, long long count)
    cpdef int named(self, int group, int variation, long long start) except -1
    cpdef int point(self, int group, long long index) except -1
    cpdef int type_of(self, int group, int variation) except -1
    cdef int _unit(self, int address) except -2
