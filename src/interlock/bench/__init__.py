"""Traffic for measuring: the synthetic plant of `make bench`, real captures multiplied, and records of large sites.

Nothing else in the package imports this room; it writes capture files and reads none of the plant's.
"""

from __future__ import annotations

__all__: list[str] = []
