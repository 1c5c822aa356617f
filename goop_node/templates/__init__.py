# SPDX-License-Identifier: MIT
"""Templates, the pages of others: their folders, what they ask for, what the person granted."""
