# SPDX-License-Identifier: MIT
"""What happens in a few hundred simulated lives in rooms."""

EXPECTED = """
again in an outbox
claim
cut of nothing
entry join
entry leave
entry leave for another host
entry leave lost
entry msg
entry msg private
entry open
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
find guest
find host
find out
find seek
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
frame refused overtaken
frame refused unknown_channel
frame refused unknown_peer
frame rewound
frame room
frame room full
frame room left
frame room plugin_missing
frame subscribed
line ack
line close full
line close not_host
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
line refuse divisible
line refuse unknown_peer
line stable
line want
line welcome
line welcome with snapshot
message
not handed out again
refusal divisible
refusal unknown_peer
refusal withdrawn
rewind
seeks for long
snapshot taken
trim
""".strip().splitlines()
"""What happens in them at least once: entries, lines, frames, codes, faults, and what is rare."""
