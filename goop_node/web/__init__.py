# SPDX-License-Identifier: MIT
"""The local HTTP server: who calls, who may, and the answers."""
