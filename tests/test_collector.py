"""The collector of cycles is out where it is to be, and afterwards as it was."""

from __future__ import annotations

import gc

import pytest

from interlock.collector import collected, uncollected


class _FailedError(Exception):
    pass


def test_a_start_is_not_looked_through_and_what_follows_is() -> None:
    before = gc.get_freeze_count()
    with uncollected():
        assert not gc.isenabled()
        with collected():
            assert gc.isenabled()
            assert gc.get_freeze_count() > before
        assert not gc.isenabled()
    gc.unfreeze()
    assert gc.isenabled()


def test_whoever_collects_already_goes_on_so() -> None:
    before = gc.get_freeze_count()
    with collected():
        assert gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == before


def test_it_is_as_it_was_after_a_failure() -> None:
    with pytest.raises(_FailedError), uncollected(), collected():
        raise _FailedError
    gc.unfreeze()
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
