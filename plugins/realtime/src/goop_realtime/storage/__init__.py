# SPDX-License-Identifier: MIT
"""What outlives a node: the journal of channels, and how steps are committed to it."""
