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
    """The folder that JupyterLab shows, with the example explorers."""
    place = tmp_path_factory.mktemp("lab")
    shutil.copy(HERE / "example.py", place)
    driver.write_notebook(
        place / "example.ipynb", "import example", "example.valley()", "example.walks()", "example.box()"
    )
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
    """The example explorers, drawn, in a page in which other notebooks can take their place."""
    opened = driver.Notebook(browser, address, "example.ipynb")
    opened.run_all()
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


@pytest.fixture
def open_notebook(address, browser, folder):
    """Open notebooks in pages of their own; written first if cells are given."""
    opened = []

    def open_it(name, *cells):
        if cells:
            driver.write_notebook(folder / name, *cells)
        opened.append(driver.Notebook(browser, address, name))
        return opened[-1]

    yield open_it
    for notebook in opened:
        notebook.close()
