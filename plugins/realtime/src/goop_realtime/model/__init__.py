# SPDX-License-Identifier: MIT
"""Values and state of channels: what they are, what bounds them, how they are written."""
