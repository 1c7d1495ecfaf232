# cython: language_level=3
cpdef tuple element(bytes octets, Py_ssize_t at, Py_ssize_t end)
