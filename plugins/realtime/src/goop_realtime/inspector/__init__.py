# SPDX-License-Identifier: MIT
"""The Inspector: what a node decided, its logs folded step by step, and a test made of a log."""
