"""What holds for every registered protocol, whatever octets reach it.

The parts stand in decode/contract; a protocol is found by the registry (entry points included), its valid messages in
decode/seeds. What takes longer is in test_contract_bounds.py.
INTERLOCK_CONTRACT_DEPTH=10 tries ten times as many examples, new ones each time.
"""

from __future__ import annotations

from decode.contract.asking import test_a_table_is_the_same_whatever_else_is_asked_for
from decode.contract.ends import test_swapped_ends_give_mirrored_rows
from decode.contract.files import (
    test_every_protocol_of_the_house_has_seeds,
    test_functions_are_counted_not_claimed,
    test_quality_says_everything,
    test_seeds_are_of_the_protocol,
    test_the_table_and_the_folders_agree,
    test_verbs_are_of_the_closed_set,
)
from decode.contract.joining import test_a_conversation_is_joined_in_the_middle
from decode.contract.octets import (
    test_any_octets_give_records_or_declared_oddities,
    test_valid_messages_are_recognised_and_give_no_error,
)
from decode.contract.splitting import (
    test_any_batching_gives_the_same_rows,
    test_any_cutting_gives_the_same_rows,
    test_messages_that_share_segments_give_the_same_rows,
    test_reordered_and_repeated_segments_give_the_same_rows,
)
from decode.contract.waiting import test_a_request_is_shown_before_its_answer_as_it_is_shown_after

__all__ = [
    "test_a_conversation_is_joined_in_the_middle",
    "test_a_request_is_shown_before_its_answer_as_it_is_shown_after",
    "test_a_table_is_the_same_whatever_else_is_asked_for",
    "test_any_batching_gives_the_same_rows",
    "test_any_cutting_gives_the_same_rows",
    "test_any_octets_give_records_or_declared_oddities",
    "test_every_protocol_of_the_house_has_seeds",
    "test_functions_are_counted_not_claimed",
    "test_messages_that_share_segments_give_the_same_rows",
    "test_quality_says_everything",
    "test_reordered_and_repeated_segments_give_the_same_rows",
    "test_seeds_are_of_the_protocol",
    "test_swapped_ends_give_mirrored_rows",
    "test_the_table_and_the_folders_agree",
    "test_valid_messages_are_recognised_and_give_no_error",
    "test_verbs_are_of_the_closed_set",
]
