"""What a made capture holds, counted where it was made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Truth"]


@dataclass(slots=True)
class Truth:
    """Counts of one capture; keys of the counters are function codes."""

    packets: int = 0
    octets: int = 0
    frame_octets: int = 0
    requests: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    exceptions: Counter[int] = field(default_factory=Counter)
    pipelined_adus: int = 0
    split_adus: int = 0
    tagged_packets: int = 0
    connections: int = 0

    def as_json(self) -> dict[str, object]:
        """Give the counts as an object for JSON, with totals."""
        asked, answered = sum(self.requests.values()), sum(self.answers.values())
        return {
            "schema": "interlock/plant-traffic-truth/1",
            "packets": self.packets,
            "octets": self.octets,
            "mean_frame_octets": round(self.frame_octets / max(self.packets, 1), 2),
            "adus": asked + answered,
            "requests": {str(code): n for code, n in sorted(self.requests.items())},
            "answers": {str(code): n for code, n in sorted(self.answers.items())},
            "exceptions": {str(code): n for code, n in sorted(self.exceptions.items())},
            "unanswered": asked - answered,
            "pipelined_adus": self.pipelined_adus,
            "split_adus": self.split_adus,
            "tagged_packets": self.tagged_packets,
            "connections": self.connections,
        }
