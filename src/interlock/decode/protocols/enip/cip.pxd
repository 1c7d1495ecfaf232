# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.enip.data_types cimport DataTypes
from interlock.decode.protocols.enip.epath cimport EPath
from interlock.decode.sheet cimport Sheet

cimport cython
from libc.string cimport memcmp

# As C integers: else each message would look them up by name. Only this module knows them so.
cdef int MAX_DEPTH, MAX_PATHS, MAX_UNITS

@cython.final
cdef class Meaning:
    cdef int verb, name
    cdef object hook
    cdef bint rockwell

cdef class CommonIndustrial(Decoder):
    cdef public Functions cip, public_objects, rockwell_objects
    cdef public DataTypes types
    cdef public dict hooks, paths, units
    cdef public object session, memory
    cdef object connections, foreign
    cdef list asked, at_hand
    cdef dict wrapped, older
    cdef long long base, transaction
    cdef int leaf
    cdef bint wraps, tells_refusals
    cdef unsigned char[::1] services, marks
    cdef unsigned long long[::1] marked

    cdef _router(self, Messages m, int i, Sheet out, int unit)
    cdef _remember(self)
    cpdef list recall(self, long long base)
    cdef EPath _path_here(self, Py_ssize_t size)
    cdef _mark(self, Sheet out, unsigned long long operation, int mark)
    cdef int _unmark(self, unsigned long long operation) except -1
    cdef _reads_octets(self, Sheet out, int row)
    cdef _request(self, Messages m, int i, Sheet out, int unit, int depth)
    cdef bint _packet_request(self, Messages m, int i, Sheet out, int unit, int depth) except -1
    cdef bint _unwrap(self, Messages m, int i, Sheet out, int unit, int depth) except -1
    cpdef Py_ssize_t stretch(self, Messages m, int i, Py_ssize_t start, int count, int k) except -2
    cpdef EPath path(self, bytes octets)
    cpdef int object_code(self, EPath path) except -2
    cdef int _ask(self, Messages m, int i, Sheet out, int service, EPath path, int unit) except -1
    cdef Meaning _meaning(self, EPath path, int service)
    cdef _arguments(self, Messages m, int i, Sheet out, int row, int service, EPath path, int unit, object hook)
    cdef _tag(self, Messages m, int i, Sheet out, int row, int service, int unit)
    cdef _table(self, Sheet out, int row, EPath path)
    cdef int _attribute_code(self, EPath path, int attribute) except -2
    cdef _attributes(self, Sheet out, int row, EPath path, bint sized)
    cdef _response(self, Messages m, int i, Sheet out, int depth)
    cdef bint _packet_response(self, Messages m, int i, Sheet out, int depth) except -1
    cdef bint _refused_whole(self, Messages m, int i, Sheet out, int depth, int status, int words, int at) except -1
    cdef _finish(self, Messages m, int i, Sheet out, int row, int status, int words, int at)
