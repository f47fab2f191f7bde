"""Settings of Sphinx; `python -m tools.site` runs it over what it has laid out in `docs/_build/source`."""

from __future__ import annotations

import createos_nb

project = "createos_nb"
author = "createos_nb contributors"
copyright = "2026, createos_nb contributors"
release = version = createos_nb.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "tools.site.extension",
]
# what is only there to be downloaded is no page
exclude_patterns = ["files"]
nitpicky = False
suppress_warnings = ["mystnb.unknown_mime_type"]
# single backticks are code, as in the Markdown of the docstrings' readers
default_role = "code"
highlight_language = "text"

# notebooks are shown as they were saved: their outputs are made and checked by `make notebooks` and `make test`
nb_execution_mode = "off"
# nothing is loaded from elsewhere: a panel is saved with a picture of itself as HTML
nb_ipywidgets_js: dict[str, object] = {}
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 4
nb_merge_streams = True

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_rtype = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 96
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "createos_nb"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None
html_theme_options = {
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "show_nav_level": 1,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "show_prev_next": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "github-dark",
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "back_to_top_button": True,
}
html_sidebars = {"start": [], "try": [], "search": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
linkcheck_timeout = 20
linkcheck_anchors = False
