# SPDX-License-Identifier: MIT
"""What a page is to its node, without any I/O: what comes, what leaves, how far both are."""
