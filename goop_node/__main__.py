# SPDX-License-Identifier: MIT
"""``python -m goop_node`` is the ``goop`` command."""

import sys

from goop_node.cli.main import main

sys.exit(main())
