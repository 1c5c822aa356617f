# SPDX-License-Identifier: MIT
"""``goop run --dev``: what helps while a plugin or a page is being written.

A supervisor watches files and starts the node's process anew; the node tells pages of their
template's changes, and of what their plugin failed in. Nothing here runs without the option.
"""
