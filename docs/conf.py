"""How the documentation becomes a site: Sphinx, with pages in Markdown (MyST) that read well in the repository too.

Nothing on a page comes from another host: fonts are the system's, the search is a script of the site's own.
"""

import logging
from typing import Any

from sphinx.application import Sphinx

from ddg_pipeline import __version__

logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it tells of its own documentation at import

project = "ddg_pipeline"
author = "the ddg_pipeline contributors"
project_copyright = ""
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",  # docstrings in Google style
    "sphinx_copybutton",
]
exclude_patterns = ["examples"]
source_suffix = {".md": "markdown"}

suppress_warnings = ["misc.highlighting_failure"]  # the templates in dbt's SQL
myst_heading_anchors = 4  # the anchors that GitHub gives, so that links hold in both places
myst_links_external_new_tab = False
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other packages have no pages here; Markdown's links are all checked

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"ddg_pipeline {version}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

# copied without prompts and without what a command prints
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True


def setup(app: Sphinx) -> None:
    """Mend on every page what a reader without a mouse, or without eyes, would miss."""
    app.connect("html-page-context", _accessible, priority=900)  # after the theme


def _accessible(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    if "furo_navigation_tree" in context:  # its headings have no level
        context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(
            'role="heading"', 'role="heading" aria-level="2"'
        )
    body = context.get("body", "")  # what scrolls sideways can be reached with the keyboard
    context["body"] = body.replace("<pre>", '<pre tabindex="0">').replace(
        '<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'
    )
