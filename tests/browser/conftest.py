"""One JupyterLab for all browser tests of a process; a Chromium for each file."""

import shutil
from pathlib import Path

import driver
import pytest

HERE = Path(__file__).parent


def pytest_addoption(parser):
    parser.addoption("--screenshots", metavar="DIR", type=Path, help="save a picture of every explorer there")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The folder that JupyterLab shows, with the example explorers and an empty notebook."""
    place = tmp_path_factory.mktemp("lab")
    shutil.copy(HERE / "example.py", place)
    driver.write_notebook(
        place / "example.ipynb", "import example", "example.valley()", "example.walks()", "example.box()"
    )
    driver.write_notebook(place / "empty.ipynb", "")
    return place


@pytest.fixture(scope="session")
def address(folder):
    with driver.jupyterlab(folder) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with driver.browser() as running:
        yield running


@pytest.fixture(scope="module")
def notebook(browser, address):
    """An empty notebook, in a page in which others can take its place."""
    opened = driver.Notebook(browser, address, "empty.ipynb")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def screenshots(request):
    """Save a picture under a name, where the reader of the tests wants it."""
    place = request.config.getoption("screenshots")

    def save(explorer, name):
        if place:
            place.mkdir(parents=True, exist_ok=True)
            explorer.settle()
            explorer.box.screenshot(path=place / f"{name}.png")

    return save
