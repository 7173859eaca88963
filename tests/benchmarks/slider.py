"""Measure in Chromium how long an explorer takes to answer a key on its first slider.

The yardstick is `ipywidgets.interact` over a function that computes the same and makes the same pictures anew each
time, as `plotly.graph_objects.Figure` and, as this takes long, for fewer moves as `FigureWidget`.

    python tests/benchmarks/slider.py [NOTEBOOK] [MOVES]
"""

import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "browser"))

import driver  # noqa: E402
import nbformat  # noqa: E402

LESSON = HERE.parents[1] / "lessons" / "01_discretisation_drift.ipynb"

# From a key on a slider to the frame in which the last picture is painted, in ms.
PRESS = """([box, kind, key]) => new Promise((resolve, reject) => {
  const began = performance.now();
  const late = setTimeout(() => reject(new Error('no answer')), 60000);
  const painted = () => {
    clearTimeout(late);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  };
  if (kind === 'explorer') {
    const watcher = new MutationObserver(() => { watcher.disconnect(); painted(); });
    watcher.observe(box.querySelector('.optilab'), { attributes: true, attributeFilter: ['data-drawn'] });
  } else {
    const old = [...box.querySelectorAll('.js-plotly-plot')];
    const look = () => {
      const now = [...box.querySelectorAll('.js-plotly-plot')];
      const fresh = now.filter(plot => !old.includes(plot) && plot.querySelector('.xtick'));
      if (fresh.length === old.length && now.length === old.length) painted();
      else requestAnimationFrame(look);
    };
    look();
  }
  box.querySelector('.noUi-handle').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
})"""

SAME_PICTURES = '''
import copy
import ipywidgets
import plotly.graph_objects as go
from IPython.display import display
from ipywidgets.widgets.widget import _instances
from optilab.ui.explorer import Explorer
from optilab.ui.theme import TEMPLATE

shown = next(widget for widget in _instances.values() if isinstance(widget, Explorer))
name = next(name for name, control in shown.controls.items() if hasattr(control.widget, "min"))
rest = {other: value for other, value in shown.values.items() if other != name}
if shown.simulate:
    rest["run"] = shown.result


def figure(kind, panel, data):
    traces = []
    for trace, binding in panel.traces:
        traces.append(copy.deepcopy(trace).update({path: data[of] for path, of in binding.items()}))
    shape = {"template": TEMPLATE, "title": panel.title, "height": panel.height, "width": 380}
    made = kind(traces, shape | panel.layout)
    for path, of in panel.moving.items():
        made.layout["title.text" if path == "title" else path] = data[of]
    return made


def rebuild(kind):
    """Show the same pictures the usual way."""
    def draw(value):
        data = shown.compute(**{name: value}, **rest)
        made = [figure(kind, panel, data) for panel in shown.panels]
        if kind is go.FigureWidget:
            display(ipywidgets.HBox(made))
        else:
            display(*made)

    slider = shown.controls[name].widget
    ipywidgets.interact(draw, value=type(slider)(value=slider.value, min=slider.min, max=slider.max, step=slider.step))
'''
YARDSTICKS = {
    "interact, new Figure": ("rebuild(go.Figure);", 1),
    "interact, new FigureWidget": ("rebuild(go.FigureWidget);", 6),
}


def measured(notebook, box, kind, moves):
    """Median and 90th percentile of the times of moves in ms, and the messages of each on average."""
    times, messages = [], lambda: sum(map(len, notebook.frames.values()))
    for move in range(moves + 3):
        if move == 3:  # the first ones warm up
            before = messages()
        key = "ArrowRight" if move // 5 % 2 == 0 else "ArrowLeft"
        times.append(notebook.page.evaluate(PRESS, [box.element_handle(), kind, key]))
        notebook.idle()
    times = sorted(times[3:])
    return statistics.median(times), times[int(0.9 * len(times))], (messages() - before) / moves


def main(lesson, moves):
    """Print the table."""
    cells = [cell.source for cell in nbformat.read(lesson, 4).cells if cell.cell_type == "code"]
    first = next(number for number, cell in enumerate(cells) if re.match(r"explorer\.\w+\(", cell))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(lesson, folder)
        driver.write_notebook(
            Path(folder) / "yardstick.ipynb",
            *cells[: first + 1],
            SAME_PICTURES,
            *(cell for cell, _ in YARDSTICKS.values()),
        )
        with driver.jupyterlab(folder) as address, driver.browser() as browser:
            notebook = driver.Notebook(browser, address, lesson.name)
            received = lambda: notebook.received + sum(notebook.frames["framereceived"])  # noqa: E731
            loaded, began = received(), time.perf_counter()
            notebook.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
            notebook.page.wait_for_selector(".optilab[data-drawn]", state="attached")
            until_first = time.perf_counter() - began
            notebook.wait_for(f"() => {driver.KERNEL}.status === 'idle'", patience=4)
            running = received() - loaded
            notebook.close()

            notebook = driver.Notebook(browser, address, "yardstick.ipynb")
            notebook.run_all()
            notebook.explorers[0].settle()
            rows.append(("explorer", *measured(notebook, notebook.explorers[0].box, "explorer", moves)))
            for number, (name, (_, fewer)) in enumerate(YARDSTICKS.items()):
                box = notebook.page.locator(".widget-interact").nth(number)
                box.scroll_into_view_if_needed()
                notebook.wait_for("box => box.querySelector('.xtick') !== null", box.element_handle())
                rows.append((name, *measured(notebook, box, "interact", moves // fewer)))
            notebook.close()
    print(f"{lesson.name}, {moves} moves of the first slider of the first explorer\n")
    print(f"{'':28}{'median ms':>10}{'90 % ms':>10}{'messages':>10}")
    for name, median, most, messages in rows:
        print(f"{name:28}{median:10.0f}{most:10.0f}{messages:10.1f}")
    print(f"\nfrom Run All to the first picture: {until_first:.1f} s")
    print(f"received after Run All: {running / 1e6:.1f} MB (JupyterLab itself before that: {loaded / 1e6:.1f} MB)")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]) if given else LESSON, int(given[1]) if len(given) > 1 else 30)
