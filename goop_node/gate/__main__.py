# SPDX-License-Identifier: MIT
"""``python -m goop_node.gate FOLDER``: a visit, for the process that asks for it."""

import os
import sys
from pathlib import Path

from goop_node.gate.process import main

if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)  # whatever threads a plugin has left
