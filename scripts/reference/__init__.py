# SPDX-License-Identifier: MIT
"""The pages of the reference that are made of what the code says of itself.

``python -m scripts.reference`` writes them. They are kept beside the other documents, so that they
can be read where there is no site; a test fails where they are not what the code says, and what
says nothing of itself is an error.
"""
