# SPDX-License-Identifier: MIT
"""The ``goop`` command: one module a subcommand."""
