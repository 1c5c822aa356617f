# SPDX-License-Identifier: MIT
"""A refusal as a page for people (pure)."""

from __future__ import annotations

from html import escape

MEDIA_TYPE = "text/html; charset=utf-8"

_TITLES = {
    401: "This page was not let in",
    403: "Not from here",
    404: "Nothing here",
    421: "No such page on this node",
    503: "Not just now",
}
_MORE = {404: "Perhaps the address was copied in part, or the page has moved."}
_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title}</title>
{style}</head>
<body>
  <header class="top"><a class="brand" href="{home}">{icon}Goop</a></header>
  <main class="narrow" id="main">
    <section class="panel join">
      <h1>{title}</h1>
      <p>{detail}</p>
      <p class="hint">{status} · {code}</p>
      <p><a class="button primary" href="{home}">Go to the start</a></p>
    </section>
  </main>
</body>
</html>
"""
_STYLE = """  <link rel="icon" href="/favicon.ico">
  <link rel="stylesheet" href="/sdk/goop-page.css">
"""
_ICON = '<img src="/favicon.ico" alt="" width="28" height="28">'


def problem_page(status: int, code: str, detail: str, home: str = "/") -> bytes:
    """The page that says ``detail`` to a person, with a way to ``home``.

    At a name that is none of ours there is no style either: home is elsewhere then.
    """
    ours = home == "/"
    words = detail[:1].upper() + detail[1:]
    if words and words[-1] not in ".!?":
        words += "."
    title = _TITLES.get(status, "This did not work")
    more = _MORE.get(status)
    return _PAGE.format(
        title=title,
        style=_STYLE if ours else "",
        icon=_ICON if ours else "",
        detail=escape(f"{words} {more}" if more else words),
        status=status,
        code=escape(code),
        home=escape(home),
    ).encode()
