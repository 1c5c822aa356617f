# SPDX-License-Identifier: MIT
"""Rooms: a log shared by 2 to 64 nodes, ordered by one of them, which any of them may follow."""
