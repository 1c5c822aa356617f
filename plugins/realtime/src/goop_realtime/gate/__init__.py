# SPDX-License-Identifier: MIT
"""What ``goop check --plugin`` looks at of a plugin that brings contexts."""
