# SPDX-License-Identifier: MIT
"""``goop doctor``: looks at what may keep a friend away, or what a friend says."""
