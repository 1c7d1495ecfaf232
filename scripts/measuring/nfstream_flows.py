"""Let nfstream make flows of one capture, without dissection or statistics: its cheapest way."""

from __future__ import annotations

import sys

from nfstream import NFStreamer

if __name__ == "__main__":
    streamer = NFStreamer(source=sys.argv[1], n_meters=1, n_dissections=0, statistical_analysis=False)
    flows = sum(1 for _ in streamer)
    print(flows)
