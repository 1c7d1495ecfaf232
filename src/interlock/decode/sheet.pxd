# cython: language_level=3
cimport cython
from interlock.decode.messages cimport Messages
from interlock.decode.words cimport Words
from interlock.decode.functions cimport Functions

@cython.final
cdef class Sheet:
    cdef public int n, fresh, live
    cdef int capacity
    cdef public int most_waiting
    cdef public long long crowded
    cdef public dict columns
    cdef public unsigned long long next_operation
    cdef public Words objects, names
    cdef public object facts, values
    cdef public dict notes
    cdef public long long timeout
    cdef long long earliest
    cdef object pressing
    cdef int told
    cdef int[::1] flow, source, function, name, user, unit, object, code, link, client, server
    cdef long long[::1] operation, time, frame, response_frame, transaction, count, latency, deadline, key, clock
    cdef unsigned char[::1] verb, outcome, asker
    cdef short[::1] protocol
    cdef unsigned short[::1] item, items
    cdef int[::1] head, tail
    cdef public object heads, tails

    cdef int _row(self, Messages m, int i, Functions f, long long function) except -1
    cpdef int ask(self, Messages m, int i, Functions f, long long function, long long key) except -1
    cpdef int more(self, int row) except -1
    cpdef int spread(self, int row, const int[::1] objects, const long long[::1] counts) except -1
    cpdef int answer(self, Messages m, int i, long long key) except -2
    cpdef int heard(self, Messages m, int i, int flow, long long key) except -2
    cdef int _find(self, int flow, int side, long long key, long long clock) except -2
    cpdef int orphan(self, Messages m, int i, Functions f, long long function, long long key) except -1
    cpdef int tell(self, Messages m, int i, Functions f, long long function) except -1
    cpdef settle(self, int row, int outcome, long long code)
    cpdef settle_item(self, int row, int item, int outcome, long long code)
    cpdef set_object(self, int row, int object, long long count)
    cpdef set_unit(self, int row, int unit)
    cpdef set_user(self, int row, int user)
    cpdef set_verb(self, int row, int verb)
    cpdef set_name(self, int row, int name)
    cpdef set_function(self, int row, Functions f, long long function)
    cpdef set_timeout(self, int row, long long timeout)
    cpdef set_ends(self, int row, int client, int server)
    cpdef set_transaction(self, int row, long long transaction)
    cpdef int items_of(self, int row)
    cpdef int object_of(self, int row)
    cpdef int unit_of(self, int row)
    cpdef int function_of(self, int row)
    cpdef long long count_of(self, int row)
    cpdef unsigned long long operation_of(self, int row)
    cpdef long long frame_of(self, int row)
    cpdef int verb_of(self, int row)
    cdef int _await(self, int row, long long timeout) except -1
    cdef int _close(self, int row, int outcome) except -1
    cdef int _relink(self) except -1
    cdef int _crowd_out(self) except -1
    cdef int _pressing(self, Py_ssize_t[::1] place, int filled) except -1
    cdef int _keep(self, int row, int to) except -1
    cdef int _unlink(self, int flow, int row, int before) except -1
