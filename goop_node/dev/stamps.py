# SPDX-License-Identifier: MIT
"""The stamp of a template: another one whenever a file of its pages is another one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from goop_node.dev.watched import is_page_file


def stamp_of(folder: Path) -> str:
    """The stamp of the pages in ``folder``: from names, sizes and times of their files."""
    digest = hashlib.sha256()
    for where, folders, files in os.walk(folder):
        here = Path(where)
        folders[:] = sorted(name for name in folders if is_page_file(here / name, folder))
        for name in sorted(files):
            path = here / name
            if not is_page_file(path, folder):
                continue
            try:
                state = path.stat()
            except OSError:
                continue  # it went, or a link leads nowhere
            facts = (path.relative_to(folder), state.st_size, state.st_mtime_ns, state.st_ino)
            digest.update(repr(facts).encode())
    return digest.hexdigest()[:20]
