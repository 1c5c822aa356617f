# SPDX-License-Identifier: MIT
"""Contexts: which there are, and their plugins' code, called so that it ends in a value."""
