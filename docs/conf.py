# SPDX-License-Identifier: MIT
"""The documents as a static site, for Sphinx: ``make docs``. It loads nothing from elsewhere.

Its source is the project's root, so that the documents link to each other as they do on a code
host: by their files.
"""

from importlib.metadata import version as version_of

project = "goop-node"
author = "the authors of goop-node"
version = release = version_of("goop-node")
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/decisions/*.md",
    "js/README.md",
    "benchmarks/README.md",
    "plugins/*/README.md",
]
exclude_patterns = ["**/node_modules", "**/.*", "dist", "build"]
nitpicky = True

# Headings are linked to as a code host spells them.
myst_heading_anchors = 4
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "goop-node"
html_extra_path = ["site"]
html_static_path = ["style"]
html_css_files = ["tables.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"top_of_page_buttons": []}
