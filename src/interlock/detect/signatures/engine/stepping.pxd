# C's own, for stepping.py where it is compiled, and for who compares as it does.

cpdef bint compared(long long how, long long number, long long value)
