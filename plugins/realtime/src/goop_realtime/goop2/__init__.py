# SPDX-License-Identifier: MIT
"""Channels with Goop² peers that speak 1.0.0 only."""
