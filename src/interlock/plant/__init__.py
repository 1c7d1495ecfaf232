"""The practice plant: a bottling and boiler plant on one machine, its process, its traffic and labelled attacks.

Nothing here reaches an address outside its own network namespaces or loopback.
"""
