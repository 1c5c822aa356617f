# SPDX-License-Identifier: MIT
"""Multicast DNS: packets, states, one network of many nodes in virtual time, and real ones."""
