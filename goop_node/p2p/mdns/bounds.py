# SPDX-License-Identifier: MIT
"""Bounds of multicast DNS, and its times in seconds; whoever is on the network can send packets."""

from __future__ import annotations

PORT = 5353
GROUPS = {4: "224.0.0.251", 6: "ff02::fb"}
"""By version of IP."""

# Packets
PACKET_BYTES = 9000
"""The longest that is read (RFC 6762, 17)."""
OWN_PACKET_BYTES = 1400
"""The longest that is sent, unless one record needs more."""
MAX_RECORDS = 128
"""Questions and records of a packet; one with more is dropped."""
PACKETS_RATE = 50.0
PACKETS_BURST = 250
"""Packets a second, and at once, that are read: of all senders together."""
SENDER_RATE = 10.0
SENDER_BURST = 40
"""The same of one address."""
MAX_SENDERS = 256
"""Addresses whose packets are counted one by one; the one that was heard first makes room."""
UNICAST_RATE = 5.0
UNICAST_BURST = 20
"""Answers to single addresses: what is asked in somebody else's name must not multiply."""

# What is found
MAX_FOUND = 256
"""Instances that are remembered of a network; the oldest makes room, for it had its dial."""
FOUND_BY_SENDER = 8
"""Those that one address may tell of."""
MAX_STRINGS = 64
"""Strings of an instance's TXT record that are looked at."""
MAX_ADDRESSES = 8
"""Addresses of one peer."""
SHORTEST_TTL = 120
LONGEST_TTL = 4500
"""What an instance is remembered for, whatever it says; 75 minutes are the RFC's own."""

# What is told
TTL = 3200
"""Of all records but those of host names, as Goop² peers have it."""
HOST_TTL = 120
LEGACY_TTL = 10
"""The longest in an answer to a plain DNS client (RFC 6762, 6.7)."""
LABEL_CHARACTERS = 40
"""Of an instance's random name, which libp2p wants to have 32 to 63."""
PROBES = 3
PROBE_GAP = 0.25
FIRST_PROBE = 0.25
"""The first one comes at a random moment up to then."""
ANNOUNCEMENTS = 3
"""The pause behind the first is a second, and doubles."""
RECORD_GAP = 1.0
"""Between two times that a record is multicast."""
DEFENCE_GAP = 0.25
"""The same where somebody is about to take a name that is ours."""
SHARED_DELAY = (0.02, 0.12)
"""Before an answer that others may be giving as well."""
TRUNCATED_DELAY = (0.4, 0.5)
"""The same when the question goes on in further packets."""
MAX_ASKING = 64
"""Those whose questions wait for an answer, each for its own."""
CONFLICTS = 15
CONFLICT_SECONDS = 10.0
CONFLICT_PAUSE = 5.0
"""So many conflicts in so many seconds, and every further name waits."""

# What is asked
FIRST_QUERY = (0.02, 0.12)
QUERY_GAP = 1.0
"""Behind the first query; it doubles each time."""
LONGEST_QUERY_GAP = 3600.0
REFRESH_AT = (0.8, 0.85, 0.9, 0.95)
"""The parts of its TTL after which somebody is asked for again."""
REFRESH_JITTER = 0.02
REFRESH_GAP = 20.0
"""Between two queries of that kind, however many there are to be asked for."""
MAX_KNOWN = 64
"""Instances that a query tells of as known, the newest; the others answer again."""
GOODBYE_SECONDS = 1.0
"""What is said goodbye to stays that long (RFC 6762, 10.1)."""
