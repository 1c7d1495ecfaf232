# cython: language_level=3
from interlock.decode.cursor cimport Cursor
from interlock.decode.flows cimport Flows
from interlock.decode.functions cimport Functions
from interlock.decode.messages cimport Messages
from interlock.decode.protocols.s7comm.address cimport Address
from interlock.decode.protocols.s7comm.connection cimport Connection
from interlock.decode.protocols.s7comm.items cimport Items
from interlock.decode.sheet cimport Sheet
from interlock.decode.values cimport ValueSheet
from interlock.decode.words cimport Words

cdef class S7:
    cdef public Cursor cursor
    cdef public Flows flows
    cdef public object facts, userdata, loads
    cdef public ValueSheet values
    cdef public Words names, objects
    cdef public Functions f
    cdef public int code
    cdef int report
    cdef public Address address
    cdef public Items items
    cdef public dict services

    cpdef oddity(self, Messages m, int i, str name)
    cpdef int unit_of(self, Messages m, int i, Connection link, bint asks) except -2
    cpdef str who(self, Messages m, int i, Connection link)
    cpdef int receive(self, Messages m, int i, Sheet out, Connection link) except -1
    cdef int _mismatch(self, Messages m, int i, int rosctr) except -1
    cdef int _job(self, Messages m, int i, Sheet out, Connection link, int reference, int parameters, int end) except -1
    cdef int _setup(self, Messages m, int i, Sheet out, int row) except -1
    cdef int _items(self, Messages m, int i, Sheet out, int row, int end) except -1
    cdef int _write(self, Messages m, int i, Sheet out, int row, int end) except -1
    cdef int _acknowledge(self, Messages m, int i, Sheet out, Connection link, int reference, int parameters,
                          int error, int end) except -1
    cdef _tell_unit(self, Messages m, int i, Connection link)
    cdef int _read_answer(self, Messages m, int i, Sheet out, int row, int error) except -1
    cdef int _write_answer(self, Sheet out, int row, int end) except -1
    cdef int _userdata(self, Messages m, int i, Sheet out, Connection link, int reference, int end) except -1
