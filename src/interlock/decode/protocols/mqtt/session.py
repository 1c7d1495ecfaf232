"""What a connection's packets have in common: version, client, user, topic aliases, and a login that waits."""

from __future__ import annotations

__all__ = ["MAX_ALIASES", "Session"]

MAX_ALIASES = 1024
"""Topic aliases that are kept for each direction."""


class Session:
    """State of one flow; version is None until something tells it."""

    __slots__ = ("aliases", "client_id", "connected", "from_start", "login", "user", "version")

    def __init__(self, *, from_start):
        """from_start: whether the opening of the connection was seen."""
        self.from_start = from_start
        self.connected = False
        self.version = None
        self.client_id = None
        self.user = None
        self.login = None
        self.aliases = ({}, {})

    def begin(self, version, client_id, user):
        """A CONNECT: what was known of an earlier session on this flow no longer counts."""
        self.connected = True
        self.version = version
        self.client_id = client_id
        self.user = user
        self.login = None
        self.aliases = ({}, {})

    def topic(self, direction, topic, alias):
        """The topic of a PUBLISH with this alias; None where the alias was given before the capture."""
        known = self.aliases[direction]
        if topic:
            if alias in known or len(known) < MAX_ALIASES:
                known[alias] = topic
            return topic
        return known.get(alias)
