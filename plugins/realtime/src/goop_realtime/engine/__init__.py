# SPDX-License-Identifier: MIT
"""Both machines as one: the door for the driver."""
