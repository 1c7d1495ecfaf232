"""The longer part of the contract: bounded work and memory, isolation, and compiled = uncompiled."""

from __future__ import annotations

from decode.contract.bounds import (
    test_a_stream_that_comes_octet_by_octet_costs_little,
    test_what_a_decoder_keeps_is_bounded,
    test_work_is_bounded_by_the_octets,
)
from decode.contract.digests import test_compiled_and_uncompiled_give_the_same_tables
from decode.contract.hanging import test_a_decoder_that_never_returns_costs_one_new_beginning
from decode.contract.isolation import test_a_broken_decoder_costs_one_flow

__all__ = [
    "test_a_broken_decoder_costs_one_flow",
    "test_a_decoder_that_never_returns_costs_one_new_beginning",
    "test_a_stream_that_comes_octet_by_octet_costs_little",
    "test_compiled_and_uncompiled_give_the_same_tables",
    "test_what_a_decoder_keeps_is_bounded",
    "test_work_is_bounded_by_the_octets",
]
