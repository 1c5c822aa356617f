# SPDX-License-Identifier: MIT
"""What a node keeps in its data folder, and how it survives damage."""
