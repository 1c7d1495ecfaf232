# cython: language_level=3
cimport cython

from interlock.decode.checksums cimport Summing, halves

@cython.final
cdef class Packet(Summing):
    cdef public long long time, frame, clock
    cdef public int source, realm, linktype
    cdef public int wire
    cdef public int ethertype, vlan, protocol, ttl, ipid, family
    cdef public unsigned long long source_mac, target_mac
    cdef public unsigned long long source_high, source_low, target_high, target_low
    cdef public int source_port, target_port
    cdef public long long seq, ack
    cdef public int flags, window, missing, checksum, wrong
    cdef public Py_ssize_t start, end, network, outer, carrier, carrier_end
    cdef public int hidden, shallow
    cdef public long long tags
    cdef public int fragment_offset, fragment_more
    cdef public long long fragment_id
    cdef public int depth, redundancy, redundancy_seq

    cpdef bind(self, const unsigned char[::1] octets)
    cpdef int parse(self, Py_ssize_t start, Py_ssize_t end, int linktype) except -1
    cpdef int transport(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _ethernet(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _ethertype(self, int ethertype, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _carried(self, int ethertype, Py_ssize_t start, Py_ssize_t end) except -2
    cdef int _ipv4(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _ipv6(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _tcp(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _udp(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _gre(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _carries(self, Py_ssize_t end) except -1
    cpdef int again(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _in_datagram(self, Py_ssize_t at, Py_ssize_t end) except -1
    cdef int _ppp(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef int _tzsp(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef unsigned long long _mac(self, Py_ssize_t at) except? 0xFFFFFFFFFFFFFFFF
    cdef int _be16(self, Py_ssize_t at) except -1
    cdef unsigned long long _be32(self, Py_ssize_t at) except? 0xFFFFFFFFFFFFFFFF
    cdef unsigned long long _be64(self, Py_ssize_t at) except? 0xFFFFFFFFFFFFFFFF
    cdef int _verify(self, Py_ssize_t start, Py_ssize_t end, Py_ssize_t at) except -1
    cdef int _prp(self, Py_ssize_t start, Py_ssize_t end) except -1
