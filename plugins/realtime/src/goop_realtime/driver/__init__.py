# SPDX-License-Identifier: MIT
"""Drives the state machine: effects are carried out, events are brought to it."""
