# SPDX-License-Identifier: MIT
"""What a browser may refuse to give a page (storage, locks) is touched in few places alone.

Blocked cookies make the first touch throw, so each of these modules has a test that blocks it:
``tests/browser/test_blocked_storage.py`` and ``js/tests/``.
"""

from __future__ import annotations

import re

from tests.unit.test_layers import ROOT, sources

REFUSED = re.compile(
    r"\b(localStorage|sessionStorage|indexedDB|cookieStore|serviceWorker|BroadcastChannel"
    r"|SharedWorker|document\s*\.\s*cookie|caches\s*\.|navigator\s*\??\.\s*(locks|storage))\b"
)
COPES = {
    "js/attention/notifications.js",
    "js/call-view/tone.js",
    "js/call/media.js",
    "js/call/resuming.js",
    "js/peers/tabs.js",
    "js/peers/turns.js",
    "js/realtime/wires.js",
    "plugins/arcade_rooms/src/goop_arcade_rooms/template/storage.js",
    "plugins/chess/src/goop_chess/template/storage.js",
}
"""These expect to be refused."""
FOLDERS = ("goop_node/home", "js", "plugins", "tests/browser/templates")


def test_what_a_browser_may_refuse_is_used_only_where_that_is_expected() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in sources(".js", ".mjs", ".html", under=ROOT / folder)
        if "tests" not in path.relative_to(ROOT / folder).parts
        and REFUSED.search(path.read_text("utf-8"))
    }
    assert found == COPES
