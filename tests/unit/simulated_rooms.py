# SPDX-License-Identifier: MIT
"""What happens in two thousand simulated lives in rooms."""

EXPECTED = """
again in an outbox
claim
cut of nothing
entry join
entry join again
entry leave
entry leave for another host
entry leave lost
entry msg
entry msg private
entry open
fault asleep
fault clock
fault cut
fault cut_socket
fault deaf
fault disk_full
fault flap
fault freeze
fault halves
fault host_leaves
fault kill
fault kill_host
fault leave
fault lies
fault lock
fault losses
fault lost_disk
fault lost_file
fault one_alone
fault one_way
fault partition
fault plugin_away
fault power_cut
fault power_of_host
fault reload
fault slow
fault slow_link
fault slow_reader
fault stop
fault update
find guest
find host
find out
find seek
frame error closed
frame error divisible
frame error plugin_error
frame error unknown_peer
frame error unlucky
frame gap
frame latest
frame member
frame message
frame receipt accepted
frame receipt delivered
frame receipt handled
frame receipt lost
frame receipt ordered
frame refused closed
frame refused divisible
frame refused outbox_full
frame refused overtaken
frame refused unknown_channel
frame refused unknown_peer
frame refused unknown_type_there
frame rewound
frame room
frame room contract_mismatch
frame room full
frame room left
frame room plugin_failed
frame room plugin_missing
frame room unreachable
frame subscribed
lie
line ack
line challenge
line close contract_mismatch
line close forged
line close full
line close left
line close not_host
line close plugin_failed
line confirm
line content
line entry
line join
line latest
line leave
line moved
line msg
line ping
line pong
line prove
line refuse divisible
line refuse unknown_peer
line stable
line want
line welcome
line welcome with snapshot
message
not handed out again
plugin broken
plugin later
plugin missing
plugin newer
refusal divisible
refusal unknown_peer
refusal withdrawn
rewind
seeks for long
snapshot taken
trim
update to later
update to reshaped
""".strip().splitlines()
"""What happens in them at least once: entries, lines, frames, codes, faults, and what is rare."""
