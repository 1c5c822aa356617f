# SPDX-License-Identifier: MIT
"""The codes of the protocol: of refusals, suspensions and ends."""

from __future__ import annotations

CODES = frozenset(
    """
    already_open answered_elsewhere bad_id bad_page bad_request binary_frame blocked busy cancelled
    closed conflict contract_mismatch declined diverged drifted expired failed forged full id_in_use
    internal_error invalid_app invalid_message invalid_params left lost malformed_json no_stream
    no_such_taker not_connected not_friend not_pushed outbox_full overflow overtaken
    permission_needed plugin_error plugin_failed plugin_missing refused replaced slow storage_busy
    storage_failed timeout too_deep too_fast too_large too_many undiscovered unknown_channel
    unknown_context unknown_context_there unknown_frame unknown_peer unknown_type unknown_type_there
    unreachable unsafe_integer unsupported wrong_key
    """.split()
)
"""Those that ``docs/protocol.md`` lists. Contexts have others, and peers may send any."""
OTHER = "other"


def counted(code: str) -> str:
    """What decisions with that code are counted as: nothing that others made up."""
    return code if code in CODES else OTHER
