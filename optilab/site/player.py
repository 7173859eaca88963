"""Explorers and questions that play without a kernel: HTML with frames computed beforehand, drawn by the same page.

The page moves where `plan` says that frames are computed. It says in one sentence what takes more than that, and how to
get a kernel.
"""

import ast
import html
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
from plotly.offline import get_plotlyjs

from optilab.site.film import film, readout, script
from optilab.site.plan import Plan, interval
from optilab.ui import bundle
from optilab.ui.controls import Control
from optilab.ui.explorer import SIGHT, Explorer
from optilab.ui.pictures import PARTS, Pictures
from optilab.ui.predict import Predict

LARGEST = 3e6  # bytes of a lesson's films
STATIC = Path(__file__).parent / "static"
QUIET = "Computed beforehand; some combinations of controls are left out."


def label(control: Control) -> str:
    """The words beside a control; some have an index."""
    text = html.escape(control.widget.description)
    return text.replace("&lt;sub&gt;", "<sub>").replace("&lt;/sub&gt;", "</sub>")


def field(identity: str, control: Control, stops: list[Any], start: int) -> str:
    """What of a control the reader's hand is on, with its label."""
    words = f'<label class="widget-label" for="{identity}">{label(control)}</label>'
    value = html.escape(readout(control, stops[start]))
    if hasattr(control.widget, "options"):
        texts = [str(option[0] if isinstance(option, tuple) else option) for option in control.widget.options]
        marked = (" selected" if at == start else "" for at in range(len(texts)))
        inside = "".join(
            f'<option value="{at}"{mark}>{html.escape(text)}</option>'
            for (at, text), mark in zip(enumerate(texts), marked, strict=True)
        )
        return f'<div class="optilab-field">{words}<select id="{identity}" disabled>{inside}</select></div>'
    if isinstance(control.value, bool):
        mark = " checked" if stops[start] else ""
        return f'<div class="optilab-field"><input type="checkbox" id="{identity}" disabled{mark}>{words}</div>'
    if hasattr(control.widget, "min"):
        plays = f'aria-label="Play {html.escape(control.widget.description)}"'
        play = f'<button type="button" class="optilab-play" {plays} disabled>▶</button>' if interval(control) else ""
        at = f'min="0" max="{len(stops) - 1}" value="{start}" aria-valuetext="{value}"'
        slider = f'<input type="range" id="{identity}" {at} disabled>'
        shown = f'<output class="widget-readout" for="{identity}" aria-live="off">{value}</output>'
        return f'<div class="widget-slider">{words}{play}{slider}{shown}</div>'
    return f'<div class="optilab-field">{words}<input type="text" id="{identity}" value="{value}" readonly></div>'


def deck(name: str, explorer: Explorer, known: Plan) -> str:
    """The controls of an explorer with their named values; those that are too many at once are folded."""
    rows = []
    for (of, control), start in zip(explorer.controls.items(), known.places[0], strict=True):
        buttons = "".join(
            f'<button type="button" data-named="{at}" disabled>{html.escape(text)}</button>'
            for at, (named, text, _) in enumerate(known.named)
            if named == of
        )
        inside = field(f"{name}-{of}", control, known.stops[of], start) + buttons
        rows.append(f'<div class="optilab-control" data-control="{of}">{inside}</div>')
    if not rows:
        return ""
    seen = len(rows) if len(rows) <= SIGHT + 1 else SIGHT
    boxes = [f'<div class="optilab-controls">{"".join(part)}</div>' for part in (rows[:seen], rows[seen:]) if part]
    more = f"<details><summary>{len(rows) - seen} more</summary>{boxes[1]}</details>" if len(boxes) > 1 else ""
    return boxes[0] + more


def freeze(explorer: Explorer, folder: Path, name: str, *, how: str, still: str = "", largest: float = LARGEST) -> str:
    """Write the film of an explorer, and give the HTML that mounts it in a page that loads the assets.

    Parameters
    ----------
    explorer : Explorer
        Moves about.
    folder : Path
        Where the assets are; the film goes to `frames/NAME.js` there.
    name : str
        Unique in the site: letters, digits, `_` and `-`.
    how : str
        HTML: a sentence that says how to get a kernel.
    still : str
        A PNG of it in base 64, for who has no JavaScript.
    largest : float
        Bytes that the film may have; the less room, the coarser the controls move.

    Returns
    -------
    str
        HTML.
    """
    known, frames = film(explorer, largest)
    path = folder / "frames" / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(name, frames), encoding="utf-8")
    picture = f'<noscript><img alt="" src="data:image/png;base64,{still.strip()}"></noscript>' if still else ""
    version = sha256(frames).hexdigest()[:8]
    return f"""<div class="optilab-player widget-vbox" data-film="{name}" data-version="{version}">
{deck(name, explorer, known)}
<p class="optilab-beyond" role="status"><span>{QUIET}</span> <span>{how}</span></p>
<div class="optilab-stage">{picture}</div>
</div>"""


def predict(question: Predict) -> str:
    """A question that answers in the page, as HTML."""
    name = f"predict-{sha256(question.question.encode()).hexdigest()[:8]}"
    options = question.choice.options
    choices = "".join(f'<label><input type="radio" name="{name}"> {html.escape(option)}</label>' for option in options)
    verdicts = {True: "You saw it coming.", False: f"It is <b>{html.escape(question.answer)}</b>."}
    replies = "".join(
        f"<div hidden>{verdicts[option == question.answer]} {question.replies.get(option, '')} {question.because}</div>"
        for option in options
    )
    return f"""<form class="optilab-predict">
<fieldset><legend>{html.escape(question.question)}</legend>{choices}
<button type="submit" disabled>That's my answer</button></fieldset>
<div role="status">{replies}</div>
</form>"""


def still(cell: Mapping[str, Any]) -> str:
    """The PNG that a saved cell has in the place of an explorer, in base 64; nothing where it shows none."""
    outputs = cell.get("outputs", [])
    return next((output["data"]["image/png"] for output in outputs if "still" in output.get("metadata", {})), "")


def asks(cell: Mapping[str, Any]) -> bool:
    """Whether a saved cell shows a question."""
    texts = (output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", []))
    return any(text.startswith("Predict(") for text in texts)


def lesson(path: Path, folder: Path, how: str = "") -> dict[int, str]:
    """Freeze all explorers and questions of a lesson.

    Parameters
    ----------
    path : Path
        The notebook, saved with its stills.
    folder : Path
        Where the assets are.
    how : str
        HTML: a sentence that says how to get a kernel; the lesson's own command without it.

    Returns
    -------
    dict of int to str
        By the number of the cell, the HTML that takes the place of its output.
    """
    how = how or f"Everything moves with a kernel: <code>optilab lab --lesson {int(path.name[:2])}</code>."
    cells = nbformat.read(path, as_version=4).cells
    left = sum(bool(still(cell)) for cell in cells)  # explorers
    room = LARGEST
    snippets = {}
    scope: dict[str, Any] = {}
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        lines = ast.parse(cell.source).body
        imports: list[ast.stmt] = [line for line in lines if isinstance(line, ast.Import | ast.ImportFrom)]
        exec(compile(ast.Module(imports, []), path.name, "exec"), scope)
        picture = still(cell)
        if not picture and not asks(cell):
            continue
        *before, last = lines
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(before, []), path.name, "exec"), scope)
        shown = eval(compile(ast.Expression(last.value), path.name, "eval"), scope)
        if picture:
            name = f"{path.stem}-{index}"
            snippets[index] = freeze(shown, folder, name, how=how, still=picture, largest=room / left)
            room -= (folder / "frames" / f"{name}.js").stat().st_size
            left -= 1
        else:
            snippets[index] = predict(shown)
    return snippets


def assets(folder: Path) -> None:
    """Write what a page with frozen explorers loads: `player.css`, `player.js` and `plotly.js`, which that fetches."""
    folder.mkdir(parents=True, exist_ok=True)
    page = bundle.script(*PARTS).replace("export default", "const page =")
    player = (STATIC / "player.js").read_text(encoding="utf-8")
    (folder / "player.js").write_text(f"(() => {{\n{page}\n{player}\n}})();\n", encoding="utf-8")
    look = str(Pictures._css) + (STATIC / "player.css").read_text(encoding="utf-8")
    (folder / "player.css").write_text(look, encoding="utf-8")
    (folder / "plotly.js").write_text(get_plotlyjs(), encoding="utf-8")
