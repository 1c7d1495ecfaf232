"""The practice plant alive: real sockets in network namespaces of its own, or on loopback; nothing else is reached.

The only part of the plant that knows sockets and processes. Machines are names: an address that is not one of
`plant/machines.py` cannot be said to anything here.
"""
