"""How the documentation becomes a site: Sphinx, with pages in Markdown (MyST) that read well in the repository too.

Nothing on a page comes from another host: fonts are the system's, the search is a script of the site's own.
"""

from ddg_pipeline import __version__

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

myst_heading_anchors = 4  # the anchors that GitHub gives, so that links hold in both places
myst_links_external_new_tab = False
nitpicky = True

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
