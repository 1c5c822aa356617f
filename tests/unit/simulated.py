# SPDX-License-Identifier: MIT
"""What happens in a thousand simulated lives."""

EXPECTED = """
control cancel cancelled at guest asked
control cancel cancelled at guest closed
control cancel cancelled at guest joining
control cancel cancelled at unknown
control cancel timeout at guest asked
control cancel timeout at guest closed
control cancel timeout at guest joining
control close cancelled at host asking
control close cancelled at host closed
control decline declined at host asking
control decline id_in_use at host asking
control exists at host asking
control exists at host closed
control gone at guest open
control gone at host open
control invite at guest asked
control invite at host asking
control invite at host closed
control invite at unknown
control poke at guest open
control received at host asking
control suspended plugin_failed at host open
control suspended plugin_missing at host open
control poke at unknown
fault close
fault cut
fault cut_socket
fault disk_full
fault freeze
fault kill
fault lock
fault lost_disk
fault lost_file
fault one_way
fault partition
fault plugin_away
fault power_cut
fault reload
fault slow
fault slow_reader
frame gap
frame latest
frame pending
frame pending 0
frame state connected
frame state connecting
frame state disconnected
frame volatile
guest asked -> closed cancelled
guest asked -> closed declined
guest asked -> closed expired
guest asked -> closed replaced
guest asked -> joining
guest joining -> closed cancelled
guest joining -> closed expired
guest joining -> closed timeout
guest joining -> open
guest none -> asked
guest none -> joining
guest open -> closed closed
guest open -> closed lost
host asking -> closed cancelled
host asking -> closed declined
host asking -> closed id_in_use
host asking -> closed replaced
host asking -> closed timeout
host asking -> open
host none -> asking
host open -> closed closed
host open -> closed lost
line ack node at host closed
line ack node at host open
line ack page at guest closed
line ack page at guest open
line ack page at host closed
line ack page at host open
line ack written at guest open
line ack written at host closed
line ack written at host open
line close lost at host open
line close not_found at guest open
line close timeout at guest joining
line confirm at guest closed
line confirm at guest open
line join at host asking
line join at host closed
line join at host open
line join at unknown
line latest at guest open
line latest at host open
line msg at guest open
line msg at host closed
line msg at host open
line page none at guest open
line page none at host closed
line page none at host open
line page open at guest open
line page open at host closed
line page open at host open
line ping at guest open
line ping at host open
line pong at guest open
line pong at host open
line pull at guest open
line refuse closed at guest closed
line refuse closed at guest open
line refuse divisible at guest closed
line refuse divisible at guest open
line signal at guest open
line signal at host closed
line signal at host open
line suspended contract_mismatch at guest open
line suspended plugin_failed at guest open
line suspended plugin_failed at host open
line suspended plugin_missing at guest open
line tail at host open
line welcome at guest joining
line welcome at guest open
message
outcome closed
outcome divisible
receipt accepted
receipt delivered
receipt handled
receipt unsupported
redelivered
refused divisible
refused not_connected
refused outbox_full
""".strip().splitlines()
"""What happens in a thousand lives at least once: transitions, lines by phase, codes, faults."""
