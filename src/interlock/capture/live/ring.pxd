# cython: language_level=3
from libc.string cimport memcpy

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    static unsigned int ring_load(const unsigned char *at) {
        return __atomic_load_n((const unsigned int *)at, __ATOMIC_ACQUIRE);
    }
    static void ring_store(unsigned char *at, unsigned int value) {
        __atomic_store_n((unsigned int *)at, value, __ATOMIC_RELEASE);
    }
    #else
    static unsigned int ring_load(const unsigned char *at) {
        return *(const volatile unsigned int *)at;
    }
    static void ring_store(unsigned char *at, unsigned int value) {
        *(volatile unsigned int *)at = value;
    }
    #endif
    """
    unsigned int ring_load(const unsigned char *at) noexcept
    void ring_store(unsigned char *at, unsigned int value) noexcept
