"""Where the library lives on the web: owner and name are those of the project's metadata, written down once."""

import tomllib
from importlib.metadata import metadata
from pathlib import Path

BRANCH = "main"


def home() -> str:
    """The address of the repository, `https://github.com/OWNER/NAME`.

    In a clone it is read from `pyproject.toml`, since an environment may remember an older one.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    project = Path(__file__).parents[2] / "pyproject.toml"
    if project.exists():
        urls = tomllib.loads(project.read_text(encoding="utf-8"))["project"].get("urls", {})
    else:
        urls = dict(url.split(", ", 1) for url in metadata("optilab").get_all("Project-URL") or [])
    if "Repository" not in urls:
        raise RuntimeError("optilab's metadata name no Repository, so the site doesn't know where its links lead")
    return str(urls["Repository"]).rstrip("/")


def name() -> str:
    """OWNER/NAME."""
    return "/".join(home().split("/")[-2:])


def on_the_web(path: str) -> str:
    """The address of a file of the repository."""
    return f"{home()}/blob/{BRANCH}/{path}"


def binder(path: str) -> str:
    """Where Binder opens a notebook of the repository."""
    return f"https://mybinder.org/v2/gh/{name()}/{BRANCH}?urlpath=lab/tree/{path}"


def colab(path: str) -> str:
    """Where Colab opens a notebook of the repository."""
    return f"https://colab.research.google.com/github/{name()}/blob/{BRANCH}/{path}"
