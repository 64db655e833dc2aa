"""How the documentation is built: Sphinx, MyST for Markdown, notebooks executed by MyST-NB.

    make docs

Warnings are errors, and a notebook whose cell raises is one.
"""

import evonas

project = "evonas"
author = "The evonas developers"
copyright = "2026, the evonas developers"
release = version = evonas.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "tutorials/runs/**"]

# Headings can be linked to: architecture.md#contracts.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_in_temp = False
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_mock_imports: list[str] = []
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# Docstrings mark names with single backticks, as code.
default_role = "code"

html_theme = "furo"
html_title = f"evonas {release}"
html_static_path: list[str] = []
html_show_sphinx = False
suppress_warnings = ["mystnb.unknown_mime_type"]
