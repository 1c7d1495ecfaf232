# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet

cdef int OK, REFUSED, WRITTEN, READ, REPORTED, UNSAID, U_FUNCTIONS, QDS, SIQ, QDP, BCR
cdef int F_SIQ, F_DIQ, F_VTI, F_BSI, F_NVA, F_SVA, F_R32, F_BCR, F_SEP, F_SPE, F_OCI, F_SCD, F_SCO, F_DCO, F_RCO
cdef long long NO_TIME, HOUR, DAY, OUT_OF_ORDER, READ_COMMAND

cdef class Counters:
    cdef public int next_0, next_1, fell_0, fell_1, taken_0, taken_1, low_0, low_1, gaps
    cdef public long long leapt_0, leapt_1
    cdef public object ahead_0, ahead_1, top_0, top_1, high_0, high_1

cdef class Iec104(Decoder):
    cdef int[:, ::1] elements
    cdef int[::1] qualities, type_codes, qualifier_at
    cdef public dict days
    cdef public int number, kind, vsq, cause, negative, station, unit
    cdef public bint standard
    cdef int flags, time_bad, block_quality, select_verb, report_verb
    cdef str text
    cdef public long long when

    cpdef message(self, Messages m, int i, Sheet out)
    cdef _unnumbered(self, Messages m, int i, Sheet out, int control)
    cdef _numbered(self, Messages m, int i, Counters counters, int number)
    cdef _taken(self, Messages m, int i, Counters counters, int number)
    cdef _raise(self, Messages m, int i, Counters counters, int number, int risen)
    cdef _early(self, Messages m, int i, object said)
    cdef _contradicted(self, Messages m, int i, Counters counters, int number)
    cdef _asdu(self, Messages m, int i, Sheet out, int number)
    cdef int _fits(self, Messages m, int i, Py_ssize_t left) except -1
    cdef _command(self, Messages m, int i, Sheet out)
    cdef long long _said(self) except? -1
    cdef long long _key(self) except -1
    cpdef int answered(self, Messages m, int i, Sheet out, long long key) except -2
    cdef _describe(self, Messages m, int i, Sheet out, int row, long long key, int direction)
    cdef _information(self, Messages m, int i, Sheet out)
    cdef _values(self, Messages m, int i, Sheet out, int row)
    cpdef objects_of(self, Messages m, int i, Sheet out, int row, int direction)
    cdef _run(self, Messages m, int i, Sheet out, int row, long long address, int count, int direction)
    cdef int _one(self, Messages m, int i, Sheet out, int row, int code, int direction, int block) except -2
    cdef double _element(self, int form) except? -1
    cdef double _event(self, int form) except? -1
    cdef int _quality(self) except -1
    cdef int _time(self, Messages m, int i, int tag) except -1
    cdef long long _hour_of(self, long long now, long long within)
    cpdef long long day(self, long long date) except? -2
    cdef int _object(self, long long address) except -1
    cdef int _unit(self, int station) except -2
