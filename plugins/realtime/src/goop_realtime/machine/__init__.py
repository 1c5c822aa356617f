# SPDX-License-Identifier: MIT
"""The state machine of channels: pure transitions, whose door is ``engine.py``."""
