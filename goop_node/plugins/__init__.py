# SPDX-License-Identifier: MIT
"""Plugins: found, loaded, called and contained, and blamed by name for what they do."""
