"""The shallow tree of errors: one branch for each thing a caller can do about it.

InterlockError
├── SourceError        a capture or interface cannot be read: choose another source
├── ConfigError        what a person wrote is wrong: mend the named file and line
├── DecodeError        octets break a protocol's rules: becomes an oddity, never ends a run
├── VerificationError  a signature, digest or certificate does not hold: do not proceed
├── DeliveryError      a receiver did not take a finding: it is tried again
├── OutputError        a result cannot be written: free space or choose another folder
└── PolicyError        a policy forbids it or contradicts itself: change the policy
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DecodeError",
    "DeliveryError",
    "InterlockError",
    "OutputError",
    "PolicyError",
    "SourceError",
    "VerificationError",
]


class InterlockError(Exception):
    """Base of every error that Interlock raises on purpose; its text is one sentence for a person."""


class SourceError(InterlockError):
    """A capture or an interface cannot be read."""


class ConfigError(InterlockError):
    """A file that a person wrote is wrong; the text names file and place."""


class DecodeError(InterlockError):
    """Octets that break a protocol's rules."""

    def __init__(self, oddity: str, offset: int = 0) -> None:
        """oddity: member of the protocol's closed set; offset: octets from the message's start."""
        super().__init__(f"{oddity} at octet {offset}")
        self.oddity = oddity
        self.offset = offset


class VerificationError(InterlockError):
    """A signature, digest or certificate does not hold."""


class DeliveryError(InterlockError):
    """A receiver did not take what it was sent; the text names the receiver and the reason."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        """refused: it was reached and will not have this content, however often it is sent."""
        super().__init__(text)
        self.refused = refused


class OutputError(InterlockError):
    """A result cannot be written; the text names the file and the reason."""


class PolicyError(InterlockError):
    """A policy forbids it, or contradicts itself."""
