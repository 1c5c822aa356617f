# SPDX-License-Identifier: MIT
"""The picture that a person gave for others to see; kept in the data folder."""

from __future__ import annotations

from pathlib import Path

from goop_node.data.kept_files import NotKeptError, read_kept, write_whole
from goop_node.goop2.png import cleaned, fingerprint

FILE = "avatar.png"


class OwnAvatar:
    """That picture; ``picture`` is ``None`` where there is none."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self.picture = read_kept(self._path, cleaned)
        self.hash = fingerprint(self.picture) if self.picture else ""
        """What others are told of it; ``""`` where there is none."""

    def set(self, png: bytes) -> None:
        """Take another one, without what stands beside it in the file.

        Raises ``ValueError`` for what is no picture that fits, and ``NotKeptError``: then it is
        as it was.
        """
        picture = cleaned(png)
        write_whole(self._path, picture)
        self.picture, self.hash = picture, fingerprint(picture)

    def remove(self) -> None:
        """Have none. Raises ``NotKeptError``: then it is as it was."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise NotKeptError(error.errno, error.strerror, str(self._path)) from error
        self.picture, self.hash = None, ""
