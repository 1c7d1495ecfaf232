"""The run loop: its order, and what stopping it leaves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.pipeline.decode_run import decoded


class Run:
    """Stands for a CaptureRun of so many batches of ten octets."""

    def __init__(self, batches, told):
        self._batches = batches
        self._told = told
        self.octets_read = 0
        self.octets_total = 10 * batches

    def __iter__(self):
        for number in range(self._batches):
            self.octets_read += 10
            self._told.append(("read", number))
            yield number


class Engine:
    """Stands for the decoder: what it holds back comes in two batches at the end."""

    def __init__(self, told):
        self._told = told

    def feed(self, frames):
        self._told.append(("fed", frames))
        return {"operations": frames}

    def finish(self):
        self._told.append(("finished",))
        yield {"operations": "held"}
        yield {"flows": "held"}


def loop(batches, stop_after):
    """What happened, in order; asked to stop once so many batches were read (None: never)."""
    told = []
    run = Run(batches, told)
    stop = lambda: stop_after is not None and run.octets_read >= 10 * stop_after  # noqa: E731
    progress = lambda done, total: told.append(("progress", done, total))  # noqa: E731
    for records in decoded(run, Engine(told), progress=progress, stop=stop):
        told.append(("got", records))  # noqa: PERF401 (the loop itself tells, too: order counts)
    return told


@given(st.integers(0, 12), st.one_of(st.none(), st.integers(0, 14)))
def test_each_batch_is_read_fed_and_given_before_the_next_and_the_end_comes_last(batches, stop_after):
    seen = batches if stop_after is None else min(batches, max(1, stop_after))
    expected = []
    for number in range(seen):
        expected += [
            ("read", number),
            ("fed", number),
            ("got", {"operations": number}),
            ("progress", 10 * (number + 1), 10 * batches),
        ]
    expected += [("finished",), ("got", {"operations": "held"}), ("got", {"flows": "held"})]
    assert loop(batches, stop_after) == expected
