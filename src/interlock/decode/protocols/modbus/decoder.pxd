# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.decoder cimport Decoder
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet

# As C integers: else each message would look them up by name. Only this module knows them so.
cdef int COIL, DISCRETE, HOLDING, INPUT, FIFO, READ_VERB, WRITE_VERB, OK, REFUSED, WRITTEN, READ

cdef class Modbus(Decoder):
    cdef public Functions diagnostics
    cdef public object umas, files
    cdef int register_type, bit_type, mask_type

    cpdef message(self, Messages m, int i, Sheet out)
    cdef int _unit(self, int unit) except -2
    cdef int _object(self, int kind, int address) except -1
    cdef _ask(self, Messages m, int i, Sheet out, int transaction, int unit, int function)
    cdef _range(self, Messages m, int i, Sheet out, int row, int kind)
    cdef long long _echo(self, int function) except? -1
    cdef _write(self, Messages m, int i, Sheet out, int row, int function)
    cdef _answer(self, Messages m, int i, Sheet out, int transaction, int unit, int function)
    cdef _read_values(self, Messages m, int i, Sheet out, int row, int function)
    cdef _registers(self, Messages m, int i, int row, Sheet out, int object, int direction, int count)
    cdef _bits(self, Messages m, int i, int row, Sheet out, int object, int direction, int count, int octets)
