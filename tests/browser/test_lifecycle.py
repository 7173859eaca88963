"""plotly.js and the explorers through restarts, reloads, second notebooks, failures and saving."""

import driver
import nbformat
import pytest

MEGABYTE = 1_000_000
IMPORT, VALLEY = "import example", "example.valley()"
SHELVES = "Object.keys(window).filter(name => name.startsWith('optilab-plotly')).map(name => window[name])"


def carried(notebook):
    """How often the kernels have sent plotly.js to the page."""
    return sum(length > MEGABYTE for length in notebook.frames["framereceived"])


def works(notebook):
    """Whether the first explorer answers."""
    explorer = notebook.explorers[0]
    before = explorer.fingerprint()
    explorer.act(lambda: explorer.handle("step α").press("ArrowRight"))
    return explorer.fingerprint() != before and explorer.error == ""


@pytest.fixture
def turn_to(notebook, folder):
    """Write a notebook and open it in place of the one before, in the page as it is."""

    def turn(name, *cells):
        driver.write_notebook(folder / name, *cells)
        notebook.turn_to(name)
        return notebook

    return turn


@pytest.fixture
def load(notebook, folder):
    """Write a notebook and open it in the page loaded anew, which has no plotly.js."""

    def open_it(name, *cells):
        notebook.shut_down()
        driver.write_notebook(folder / name, *cells)
        notebook.errors.clear()
        notebook.open(name)
        return notebook

    return open_it


def test_a_restarted_kernel_draws_in_the_same_page(turn_to):
    notebook = turn_to("restart.ipynb", IMPORT, VALLEY)
    notebook.run_all()
    old = notebook.explorers[0].root.element_handle()
    notebook.command("notebook:restart-run-all")
    notebook.wait_for("old => !old.isConnected", old)
    notebook.page.wait_for_selector(".optilab[data-drawn]")
    assert works(notebook)
    assert notebook.failures() == notebook.errors == []


def test_two_notebooks_in_a_page_share_plotly(turn_to, folder):
    notebook = turn_to("one.ipynb", IMPORT, VALLEY)
    notebook.run_all()
    notebook.page.evaluate(f"() => {{ ({SHELVES})[0].plotly.first = true; }}")
    driver.write_notebook(folder / "two.ipynb", IMPORT, VALLEY)
    notebook.command("docmanager:open", path="two.ipynb")
    notebook.wait_for("() => window.jupyterapp.shell.currentWidget?.context?.path === 'two.ipynb'")
    notebook.run_all()
    notebook.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .optilab[data-drawn]")
    assert notebook.page.evaluate(f"() => ({SHELVES}).map(shelf => shelf.plotly.first)") == [True]
    assert works(notebook)
    assert notebook.errors == []


def test_an_explorer_that_starts_with_an_error_has_no_pictures_yet(turn_to):
    notebook = turn_to("wrong.ipynb", IMPORT, "example.valley(f='x**')")
    notebook.run_all()
    (explorer,) = notebook.explorers
    assert explorer.error == "f must be one of ['1', '2'], got 'x**'"
    assert "undefined" not in explorer.root.inner_text()
    explorer.act(lambda: (field := explorer.box.locator("input[type=text]")).fill("2") or field.press("Enter"))
    assert explorer.error == ""
    assert explorer.root.locator(".optilab-title").nth(1).inner_text() == "The steep factor is 0.500"
    assert notebook.errors == []


def test_saved_widgets_are_small(turn_to, folder):
    notebook = turn_to("saved.ipynb", IMPORT, VALLEY)
    notebook.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    notebook.run_all()
    notebook.command("docmanager:save")
    notebook.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")  # not for the tests to come
    saved = nbformat.read(folder / "saved.ipynb", 4)
    assert saved.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
    assert (folder / "saved.ipynb").stat().st_size < MEGABYTE / 4


def test_a_reloaded_page_asks_for_plotly_and_draws_again(turn_to):
    notebook = turn_to("reload.ipynb", IMPORT, VALLEY, "example.walks()")
    notebook.run_all()
    explorer = notebook.explorers[0]
    explorer.act(lambda: explorer.handle("x₀").press("PageDown"))
    notebook.command("docmanager:save")
    before = carried(notebook)
    notebook.open("reload.ipynb")
    notebook.page.wait_for_selector(".optilab[data-drawn]")
    notebook.wait_drawn()
    assert carried(notebook) == before + 1
    assert len(notebook.explorers) == 2
    assert notebook.explorers[0].readout("x₀").inner_text() == "1.75"
    assert works(notebook)
    assert notebook.errors == []


BREAK = "from optilab.ui import bundle\npacked = bundle.packed\nbundle.packed = lambda: b'no plotly'"
MEND = "bundle.packed = packed"


def test_a_plotly_that_does_not_arrive_is_explained_and_asked_for_again(load):
    notebook = load("broken.ipynb", BREAK, IMPORT, VALLEY)
    notebook.command("notebook:run-all-cells")
    again = notebook.page.get_by_role("button", name="Try again")
    again.wait_for()
    (explorer,) = notebook.explorers
    assert explorer.error.startswith("The pictures can't be drawn: what arrived is not plotly.js")
    asked = len(notebook.frames["framesent"])
    again.click()
    explorer.wait("root => root.querySelector('.optilab-error').textContent !== ''")
    again.wait_for()
    assert len(notebook.frames["framesent"]) > asked
    notebook.command("notebook:insert-cell-below")
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.type(MEND)
    notebook.command("notebook:run-cell")
    again.click()
    notebook.page.wait_for_selector(".optilab[data-drawn]")
    assert explorer.error == ""
    assert again.count() == 0
    assert works(notebook)


HURRY = "AbortSignal.timeout = (wait => time => wait.call(AbortSignal, time === 2000 ? 0 : time))(AbortSignal.timeout)"


def test_a_page_that_loads_slowly_draws_and_answers(notebook, load):
    """Anywidget gives up on a module at once: what a page does that needs two seconds for it. The page stays so."""
    notebook.page.add_init_script(HURRY)
    load("slow.ipynb", IMPORT, VALLEY)
    notebook.run_all()
    notebook.page.wait_for_selector(".optilab[data-drawn]")
    assert works(notebook)
    assert not [error for error in notebook.errors if "Failed to initialize model" not in error]
