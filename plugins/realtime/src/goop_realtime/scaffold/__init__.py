# SPDX-License-Identifier: MIT
"""What ``goop new`` makes: the folders here, whose files are templates of files."""
