"""Build the site: write its sources into a folder of their own, and let Sphinx make pages of them."""

import errno
import io
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from tqdm import tqdm

import optilab
from optilab import plans, shipped
from optilab.catalogue import LESSONS, Lesson, Paper
from optilab.core.check import require
from optilab.site import home, pages, player, reference, repository, thumbnails
from optilab.stills import studio

STATIC = Path(__file__).parent / "static"
NEEDED = ("sphinx", "myst_nb", "furo", "sphinx-mathjax-offline", "playwright", "PIL")  # some of it late in a build
MATHJAX = ("tex-chtml-full.js", "output/chtml/fonts/woff-v2")  # of MathJax what typesets formulas in pages
SETTINGS: dict[str, Any] = {
    "project": "optilab",
    "version": optilab.__version__,
    "release": optilab.__version__,
    "extensions": ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx.ext.mathjax"],
    "html_theme": "furo",
    "html_title": "optilab",
    "html_css_files": ["site.css"],
    "html_js_files": [("site.js", {"defer": "defer"})],
    "html_favicon": str(STATIC / "icon.svg"),
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_copyright": False,
    "mathjax_path": "mathjax/tex-chtml-full.js",
    "mathjax3_config": {"options": {"enableMenu": False}},
    "nb_execution_mode": "off",
    "nb_render_markdown_format": "myst",
    "myst_enable_extensions": ["dollarmath"],
    "myst_dmath_double_inline": True,
    "myst_dmath_allow_labels": False,
    "smartquotes": False,
    "default_role": "code",
    "add_module_names": False,
    "autodoc_typehints": "signature",
    "python_use_unqualified_type_names": True,
    "toc_object_entries": False,
    "napoleon_google_docstring": False,
    "napoleon_use_param": False,  # or the letters of shapes would be links to whatever bears the name
    "napoleon_use_rtype": False,
}
CONTENTS = """
```{{toctree}}
:hidden:
:caption: Lessons

{lessons}
```

```{{toctree}}
:hidden:
:caption: More

teaching
{scripts}
api/index
```
"""


def place(package: str) -> Path:
    """The folder of an installed package.

    Raises
    ------
    ModuleNotFoundError
        If it isn't installed.
    """
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return Path(next(iter(found.submodule_search_locations)))


def frozen(rows: Sequence[Lesson], assets: Path) -> Iterator[dict[int, str]]:
    """Freeze what plays in each lesson, in as many processes as there are processors: most of a build's time."""
    with ProcessPoolExecutor(min(len(rows), os.cpu_count() or 1), get_context("spawn")) as executor:
        jobs = [
            executor.submit(player.lesson, shipped.lessons() / row.lesson, assets, pages.kernel(row)) for row in rows
        ]
        try:
            for job in tqdm(jobs, "lessons", disable=None, leave=False):
                yield job.result()
        finally:
            executor.shutdown(cancel_futures=True)  # where one fails, the others needn't begin


def write_sources(source: Path, rows: Sequence[Lesson], assets: Path) -> None:
    """Write what Sphinx reads: the home page, lessons with what plays in them, plans, a page for scripts, reference."""
    built = {row.lesson for row in rows}
    (source / "lessons").mkdir(parents=True)
    listed = []
    for row, snippets in zip(rows, frozen(rows, assets), strict=True):
        notebook = nbformat.read(shipped.lessons() / row.lesson, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
        listed.append(f"{row.number:02d} {title} <lessons/{row.lesson.removesuffix('.ipynb')}>")
        nbformat.write(pages.page(notebook, row, snippets, built), source / "lessons" / row.lesson)
    scripts = sorted(shipped.folder("docs").glob("*.md"))
    contents = CONTENTS.format(
        lessons="\n".join(listed),
        scripts="\n".join(f"docs/{path.stem}" for path in scripts),
    )
    (source / "index.md").write_text(home.page(rows, repository.home()) + contents, encoding="utf-8")
    plan = pages.linked(plans.markdown(), {f"lessons/{name}" for name in built}, "")
    (source / "teaching.md").write_text(f"---\nhide-toc: true\n---\n\n{plan}", encoding="utf-8")
    (source / "docs").mkdir()
    for path in scripts:
        text = pages.linked(path.read_text(encoding="utf-8"), {f"../lessons/{name}" for name in built}, "docs/")
        (source / "docs" / path.name).write_text(text, encoding="utf-8")
    (source / "api").mkdir()
    for name, text in reference.pages([row for row in rows if isinstance(row, Paper)]).items():
        (source / "api" / f"{name}.rst").write_text(text, encoding="utf-8")


def write_static(static: Path, rows: Sequence[Lesson]) -> None:
    """Write what pages load: the look, the formulas' typesetter, the players, the thumbnails of the map."""
    shutil.copytree(STATIC, static, ignore=shutil.ignore_patterns("player.*"))
    mathjax = place("sphinx-mathjax-offline") / "static" / "mathjax"
    for name in MATHJAX:
        origin, target = mathjax / name, static / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if origin.is_dir() else shutil.copyfile)(origin, target)
    player.assets(static / "player")
    (static / "thumbnails").mkdir()
    with studio(width=thumbnails.WIDTH) as page:
        for row in rows:
            thumbnails.draw(shipped.lessons() / row.lesson, page, static / "thumbnails")


def load_player(app: Any, name: str, *_: Any) -> None:
    """Load what moves pictures, in the pages of lessons alone."""
    if name.startswith("lessons/"):
        app.add_css_file("player/player.css")
        app.add_js_file("player/player.js", defer="defer")


def build(target: Path, lessons: Sequence[str] = ()) -> str:
    """Build the site.

    Parameters
    ----------
    target : Path
        The folder of the site; what is in it stays where nothing new takes its place.
    lessons : sequence of str
        Slugs of the lessons that become pages, with the rooms of their papers; all without one.

    Returns
    -------
    str
        What Sphinx warns of; nothing where all is well.

    Raises
    ------
    ValueError
        If there is no such lesson.
    ModuleNotFoundError
        If a package that builds it isn't installed.
    OSError
        If the folder can't be written.
    RuntimeError
        If Chromium isn't there, which draws the thumbnails, or a page can't be made.
    """
    for package in NEEDED:
        place(package)
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError

    known = [row.slug for row in LESSONS]
    for slug in lessons:
        require(slug in known, "a lesson of the site", slug, f"one of {', '.join(known)}")
    rows = [row for row in LESSONS if row.slug in (lessons or known)]
    target.mkdir(parents=True, exist_ok=True)  # and not only once there is something to be written
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    with TemporaryDirectory() as scratch:
        source, static = Path(scratch) / "source", Path(scratch) / "static"
        write_static(static, rows)
        write_sources(source, rows, static / "player")
        settings = SETTINGS | {"html_static_path": [str(static)]}
        warnings = io.StringIO()
        try:
            app = Sphinx(source, None, target, Path(scratch) / "doctrees", "html", settings, None, warnings)
            app.connect("autodoc-process-docstring", reference.process, priority=100)  # before napoleon
            app.connect("autodoc-process-docstring", reference.reunite, priority=900)  # after napoleon
            app.connect("autodoc-skip-member", reference.skip)
            app.connect("html-page-context", load_player)
            app.build()
        except SphinxError as error:
            raise RuntimeError(f"{error.category}: {error}") from error
    return re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()).replace(f"{source}/", "")
