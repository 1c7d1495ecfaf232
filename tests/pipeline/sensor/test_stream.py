"""Record batches through a pipe: equal, bounded, noticed when cut, refused when spoiled."""

from __future__ import annotations

import contextlib
import os
import signal
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pipeline.sensor.some_batches import SCHEMAS, operations, steps, values

from interlock.errors import OutputError, SourceError
from interlock.pipeline.sensor.frames import MAX_FRAME, header
from interlock.pipeline.sensor.shedding import Pressure
from interlock.pipeline.sensor.stream import BrokenStreamError, Receiver, Sender
from interlock.records.tables import ARTIFACT_CONTENTS


@contextlib.contextmanager
def pipe(schemas=SCHEMAS, **options):
    """A sender and a receiver; what the test leaves open is closed."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    ends = [read_end, write_end]
    try:
        yield Sender(write_end, schemas, **options), Receiver(read_end, schemas), ends
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                os.close(end)


def through(sender, receiver, made):
    """Send all, reading as it comes; the steps that arrive."""
    got = []
    for now, batches in enumerate(made):
        while not sender.send(batches, now=now):
            got += receiver.read()
    while not sender.wait(0):
        got += receiver.read()
    while more := receiver.read():
        got += more
    return got


def recorded(made) -> bytes:
    """The octets of a whole conversation, goodbye included."""
    read_end, write_end = os.pipe()
    sender = Sender(write_end, SCHEMAS)
    for now, batches in enumerate(made):
        assert sender.send(batches, now=now)
    assert sender.close(timeout_s=1)
    with os.fdopen(read_end, "rb") as file:
        return file.read()


def replayed(octets: bytes, cuts=()) -> tuple[list, Receiver]:
    """The steps that a receiver gives of octets that come in pieces, and then end."""
    read_end, write_end = os.pipe()
    receiver, got = Receiver(read_end, SCHEMAS), []
    try:
        edges = sorted({0, len(octets), *(c % (len(octets) + 1) for c in cuts)})
        for begin, end in pairwise(edges):
            for at in range(begin, end, 4096):
                os.write(write_end, octets[at : min(end, at + 4096)])
                got += receiver.read()
        os.close(write_end)
        write_end = -1
        got += list(receiver)
    finally:
        os.close(read_end)
        if write_end >= 0:
            os.close(write_end)
    return got, receiver


@given(made=steps())
def test_any_batches_arrive_equal(made):
    """Of all tables, with words that are added and replaced, in order, each step by itself."""
    with pipe() as (sender, receiver, _):
        got = through(sender, receiver, made)
    assert [step.now for step in got] == list(range(len(made)))
    for step, batches in zip(got, made, strict=True):
        assert step.batches.keys() == batches.keys()
        assert all(step.batches[name].equals(batch, check_metadata=True) for name, batch in batches.items())
        assert step.shed == {}


@given(made=steps(), cuts=st.lists(st.integers(0, 1 << 20), max_size=8))
def test_however_the_pipe_cuts_the_octets(made, cuts):
    """A frame that comes in pieces waits until it is whole; goodbye ends it."""
    got, receiver = replayed(recorded(made), cuts)
    assert [s.batches for s in got] == made
    assert (receiver.open, receiver.cut) == (False, False)


@given(made=steps(), end=st.integers(0, 1 << 20))
def test_a_sender_that_dies_anywhere_is_noticed(made, end):
    """All that came whole is given, in order; the step in the middle of which it died has no clock."""
    octets = recorded(made)
    got, receiver = replayed(octets[: end % len(octets)])
    assert receiver.cut
    whole = [s for s in got if s.now is not None]
    assert [s.batches for s in whole] == made[: len(whole)]
    for step in got[len(whole) :]:
        assert step.now is None
        assert step.batches.items() <= made[len(whole)].items()


@given(made=steps(), at=st.integers(0, 1 << 20), change=st.integers(1, 255))
def test_a_changed_octet_is_refused_or_changes_a_cell(made, at, change):
    """Whatever came: steps or the one declared error, and columns as the schemas say; never another exception."""
    octets = bytearray(recorded(made))
    octets[at % len(octets)] ^= change
    try:
        got, _ = replayed(bytes(octets))
    except BrokenStreamError:
        return
    for step in got:
        for name, batch in step.batches.items():
            assert batch.schema.equals(SCHEMAS[name], check_metadata=True)
            batch.validate(full=True)


@given(octets=st.binary(min_size=8, max_size=64))
def test_any_octets_are_refused(octets):
    """What does not begin as a frame ends the conversation for good."""
    read_end, write_end = os.pipe()
    receiver = Receiver(read_end, SCHEMAS)
    os.write(write_end, b"X" + octets)
    for _ in range(2):
        with pytest.raises(BrokenStreamError):
            receiver.read()
    assert not receiver.open
    os.close(read_end)
    os.close(write_end)


@pytest.mark.parametrize(
    "octets",
    [
        header(0, MAX_FRAME + 1),
        header(len(SCHEMAS), 0),
        header(0xFFFF, 4) + bytes(4),
        header(0xFFFF, 10) + bytes(8) + b"\x01\x00",
        header(0xFFFE, 1) + b"x",
        header(0xFFFE, 0) + header(0xFFFE, 0),
        header(0, 0),
    ],
    ids=["too long", "no such table", "short end", "no counts", "long goodbye", "after goodbye", "no batch"],
)
def test_frames_that_no_sender_writes_are_refused(octets):
    """Each by its own check."""
    with pytest.raises(BrokenStreamError):
        replayed(octets)


def test_another_tables_octets_are_refused():
    """The stream of clues under the number of flows."""
    octets = bytearray(recorded([{"values": values([{}])}]))
    octets[2] = list(SCHEMAS).index("flows")
    with pytest.raises(SourceError, match="other columns"):
        replayed(bytes(octets))


def test_goodbye_in_the_middle_of_a_step_is_refused():
    """Who says goodbye has ended its step."""
    octets = recorded([{"values": values([{}])}])
    body = octets[: octets.index(b"IL", 8)] + header(0xFFFE, 0)
    with pytest.raises(BrokenStreamError, match="middle"):
        replayed(body)


def test_a_sender_cannot_say_what_the_receiver_would_refuse():
    """Another table's batch under a name, a note beyond measure."""
    with pipe() as (sender, _, _):
        with pytest.raises(ValueError, match="another table than"):
            sender.send({"clues": values([{}])}, now=0)
        with pytest.raises(ValueError, match="modbus is another"):
            sender.send({"modbus": values([{}])}, now=0)
        with pytest.raises(ValueError, match="note"):
            sender.send({}, now=0, note=bytes(70_000))


def test_notes_go_with_their_step():
    """The sender's own octets, and a step without rows."""
    with pipe() as (sender, receiver, _):
        assert sender.send({}, now=5, note=b"counters")
        (step,) = receiver.read()
    assert (step.now, step.batches, step.note) == (5, {}, b"counters")


def test_words_are_sent_once():
    """A batch that uses known words costs what its rows cost; new words go alone."""
    words = [f"holding:{n}" for n in range(4000)]
    with pipe() as (sender, receiver, _):

        def cost(texts, codes):
            column = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), texts)
            batch = operations([{}] * len(codes))
            at = batch.schema.get_field_index("object")
            told = sender.wait(0) and sender.pending
            assert told == 0
            sender.send({"operations": batch.set_column(at, batch.schema.field(at), column)}, now=0)
            step = b""
            with contextlib.suppress(BlockingIOError):
                while more := os.read(receiver.fileno(), 1 << 20):
                    step += more
            return len(step)

        pool = pa.array(words)
        first, again = cost(pool, [1, 2]), cost(pool, [3, 3])
        grown = cost(pa.array([*words, "coil:1"]), [4000])
    assert first > 50_000
    assert again < 6000
    assert grown < 7000


def test_a_full_queue_takes_nothing_more():
    """Even what must stay waits outside; nothing is lost once there is room."""
    writes = [{"operations": operations([{"verb": "write", "operation": n}] * 50)} for n in range(400)]
    with pipe(queue_octets=20_000) as (sender, receiver, _):
        sent = 0
        while sender.send(writes[sent], now=sent):
            sent += 1
        assert sender.pending < 60_000
        assert sender.pressure == Pressure.STRANGERS
        got = through(sender, receiver, writes[sent:])
    assert [s.batches["operations"]["operation"][0].as_py() for s in got] == list(range(400))
    assert sender.shed == {}


def test_what_is_shed_is_counted_and_told():
    """Values that were read go, writes stay; the sum of what was told is what was left out."""
    made = [
        {
            "values": values([{"direction": "read"}] * 40 + [{"direction": "written"}]),
            "operations": operations([{}]),
        }
        for _ in range(600)
    ]
    with pipe(queue_octets=100_000) as (sender, receiver, _):
        got = []
        for now, batches in enumerate(made):
            while not sender.send(batches, now=now):
                got += receiver.read()
        got += through(sender, receiver, [{}])
    rows = sum(s.batches["values"].num_rows for s in got if "values" in s.batches)
    told = {name: sum(s.shed.get(name, 0) for s in got) for name in ("values", "operations")}
    assert told == dict(sender.shed)
    assert told["values"] > 0
    assert told["operations"] > 0
    assert rows + told["values"] == 600 * 41
    written = [s.batches["values"]["direction"].to_pylist().count("written") for s in got[:-1]]
    assert written == [1] * 600


def test_a_batch_beyond_one_frame_is_halved(monkeypatch):
    """And arrives as one batch."""
    monkeypatch.setattr("interlock.pipeline.sensor.stream.ENOUGH", 4096)
    batch = operations([{"operation": n, "object": f"holding:{n}"} for n in range(100)])
    with pipe() as (sender, receiver, _):
        (step,) = through(sender, receiver, [{"operations": batch}])
    assert step.batches["operations"].to_pylist() == batch.to_pylist()


def test_the_reader_has_gone():
    """The sender says so with an error that its caller knows."""
    with pipe() as (sender, _, ends):
        os.close(ends[0])
        with pytest.raises(OutputError, match="gone"):
            sender.send({"values": values([{}])}, now=0)


def test_a_killed_process_leaves_what_it_sent():
    """A child that is killed while it sends: the rows before are there, and it is known that it died."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _send_forever(write_end)
    os.close(write_end)
    receiver, got = Receiver(read_end, SCHEMAS), []
    while receiver.open:
        got += receiver.read()
        if len(got) >= 20:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read_end)
    assert receiver.cut
    clocks = [s.now for s in got if s.now is not None]
    assert clocks == list(range(len(clocks)))


def _send_forever(write_end):
    try:
        sender, now = Sender(write_end, SCHEMAS), 0
        while now < 1_000_000:
            if sender.send({"operations": operations([{"verb": "write"}] * 20)}, now=now):
                now += 1
            else:
                sender.wait(0.01)
    finally:
        os._exit(1)


def test_a_firmware_that_passes_by_presses_nobody():
    """Its octets wait like others, and nothing is left out for them."""
    schemas = {**SCHEMAS, ARTIFACT_CONTENTS.name: ARTIFACT_CONTENTS.schema}
    text = ARTIFACT_CONTENTS.schema.field("sha256").type
    columns = [pa.array(["00"]).cast(text), pa.array([bytes(12 << 20)], pa.binary())]
    contents = pa.RecordBatch.from_arrays(columns, schema=ARTIFACT_CONTENTS.schema)
    with pipe(schemas) as (sender, receiver, _):
        assert sender.send({ARTIFACT_CONTENTS.name: contents}, now=1)
        assert sender.pending > 8 << 20
        assert sender.pressure == Pressure.NONE
        assert sender.send({"values": values([{"direction": "read"}])}, now=2)
        got = []
        while len(got) < 2:
            sender.wait(0)
            got += receiver.read()
        assert got[0].batches[ARTIFACT_CONTENTS.name].column(1)[0].as_py() == bytes(12 << 20)
        assert got[1].batches["values"].num_rows == 1
        assert not sender.shed
