# SPDX-License-Identifier: MIT
"""``python -m scripts.reference``: write the pages."""

from scripts.reference.pages import PAGES, path_of

for name, make in PAGES.items():
    path_of(name).write_text(make(), encoding="utf-8")
