"""How the guides and the docstrings become a site: tools/misc/build_docs.sh.

The source folder is the project's own, not ``docs``: so a link from a guide to
README files of configs, or to the change log, leads somewhere both here and on
a host of code.
"""
import importlib
import pkgutil
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

import mmgen

project = 'mmgen'
author = 'mmgen authors'
project_copyright = author
version = release = mmgen.__version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.napoleon',
    'sphinx_copybutton',
]
root_doc = 'docs/index'
source_suffix = {'.md': 'markdown', '.rst': 'restructuredtext'}
include_patterns = [
    'docs/*.md', 'docs/api/*.rst', 'configs/*/README.md', '*.md'
]
exclude_patterns = ['README.md']  # docs/index.md says the same for the site
# Absolute: one of its two readers begins at the source folder.
templates_path = [str(Path(__file__).parent / '_templates')]


def inner_rooms(room: str) -> list[str]:
    """The packages in ``room`` that have public names."""
    folder = importlib.import_module(room).__path__
    return [name for _, name, is_package in pkgutil.iter_modules(folder)
            if is_package and hasattr(
                importlib.import_module(f'{room}.{name}'), '__all__')]


def own_names(room: str, names: list[str]) -> list[str]:
    """Those of ``names`` that do not come from a room inside of ``room``."""
    module = importlib.import_module(room)
    inside = tuple(f'{room}.{name}.' for name in inner_rooms(room))
    return [name for name in names
            if not f'{getattr(module, name).__module__}.'.startswith(inside)]


# Guides: headings that links can name, as on a host of code.
myst_heading_anchors = 3
copybutton_exclude = '.linenos, .gp, .go'

# Reference: the names of `__all__`, wherever they are defined.
autosummary_generate = True
suppress_warnings = ['config.cache']  # it says that functions are not kept
autosummary_context = {'inner_rooms': inner_rooms, 'own_names': own_names}
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_default_options = {'members': True, 'show-inheritance': True}
autodoc_member_order = 'bysource'
# A method that only overrides one of torch would repeat torch's words.
autodoc_inherit_docstrings = False
# Types are in the signatures; the page shows them beside the arguments.
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented_params'
autodoc_typehints_format = 'short'
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
default_role = 'py:obj'  # a link where the name is known, code elsewhere
toc_object_entries_show_parents = 'hide'

html_theme = 'furo'
html_title = f'mmgen {version}'
html_static_path = ['_static']
html_css_files = ['reference.css']
html_copy_source = False
html_show_sourcelink = False
# The pages lie in docs/; this one leads there from the top of the site.
html_additional_pages = {'index': 'to_docs.html'}


def link_class(app: Sphinx, env: BuildEnvironment, node: pending_xref,
               content: nodes.Node) -> nodes.reference | None:
    """Link `BaseGAN` of a docstring to the one class of that name."""
    if node.get('refdomain') != 'py':
        return None
    found = [(name, place) for name, place in env.get_domain('py').find_obj(
        env, None, None, node['reftarget'], 'class', searchmode=1)
        if not place.aliased]
    if len(found) != 1:
        return None
    (name, place), = found
    return make_refnode(app.builder, node['refdoc'], place.docname,
                        place.node_id, content, name)


def setup(app: Sphinx) -> None:
    """Where Sphinx asks for more than settings."""
    app.connect('missing-reference', link_class)
