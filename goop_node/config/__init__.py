# SPDX-License-Identifier: MIT
"""What a node is told: goop.toml and the command line, checked, as one frozen value."""
