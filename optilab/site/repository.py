"""Where the library lives on the web: owner and name are those of the project's metadata, written down once."""

from importlib.metadata import metadata
from posixpath import normpath

from optilab import address

BRANCH = "main"


def name() -> str:
    """OWNER/NAME: of the clone, or of the metadata of an installed package.

    Raises
    ------
    RuntimeError
        If they name no repository.
    """
    if (address.ROOT / "pyproject.toml").exists():
        return address.repository()
    urls = dict(url.split(", ", 1) for url in metadata("optilab").get_all("Project-URL") or [])
    if "Repository" not in urls:
        raise RuntimeError("optilab's metadata name no Repository, so the site doesn't know where its links lead")
    return "/".join(str(urls["Repository"]).split("/")[-2:])


def home() -> str:
    """The address of the repository."""
    return f"https://github.com/{name()}"


def on_the_web(path: str) -> str:
    """The address of a file of the repository; its path may go up on the way, `docs/../lessons/…`."""
    return f"{home()}/blob/{BRANCH}/{normpath(path)}"


def binder(path: str) -> str:
    """Where Binder opens a notebook of the repository."""
    return f"https://mybinder.org/v2/gh/{name()}/{BRANCH}?urlpath=lab/tree/{path}"


def colab(path: str) -> str:
    """Where Colab opens a notebook of the repository."""
    return f"https://colab.research.google.com/github/{name()}/blob/{BRANCH}/{path}"
