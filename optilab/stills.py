"""Still pictures of explorers, for who reads a lesson where nothing runs: drawn by the explorers' own page in Chromium.

Needed by who writes lessons only: `pip install 'optilab[write]'`, and Chromium on the PATH.
"""

import base64
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from plotly.offline import get_plotlyjs

from optilab.core.check import require
from optilab.ui.pictures import Pictures

WIDTH = 900  # px
COLORS = 96  # of the palette that a still is reduced to
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--force-color-profile=srgb", "--font-render-hinting=none"]
THEMES = {"light": ("white", "rgba(0,0,0,0.87)", "#bdbdbd"), "dark": ("#111", "rgba(255,255,255,0.87)", "#555")}
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: {ground}; font-family: system-ui, sans-serif; --jp-layout-color0: {ground};
  --jp-content-font-color1: {text}; --jp-border-color1: {border}; }}
.optilab-foot {{ display: none !important; }}
{css}</style><div id="place" class="widget-vbox"></div><script>{plotly}</script>"""
SHELF = """(() => {{
  {esm};
  const place = shelf({version});
  place.plotly = window.Plotly;
  place.arrived(window.Plotly);
}})()"""
SHOW = """([spec, frame, version]) => {
  for (const entry of Object.values(frame.arrays))
    entry.buffer = new DataView(Uint8Array.from(atob(entry.buffer), (letter) => letter.charCodeAt(0)).buffer);
  const values = { spec, frame, version };
  if (window.shown?.spec === spec) {
    window.shown.values.frame = frame;
    window.shown.changed();
    return;
  }
  window.shown?.leave();
  const el = document.getElementById("place");
  el.replaceChildren();
  const shown = (window.shown = { spec, values, changed: () => {} });
  const on = (what, call) => what === "change:frame" && (shown.changed = call);
  const model = { get: (name) => values[name], on, off() {}, send() {} };
  shown.leave = window.page.render({ model, el });
}"""
DRAWN = """number => { const root = document.querySelector(".optilab");
  return Number(root?.dataset.drawn) === number && !root.hasAttribute("data-moving"); }"""


def plain(frame: Mapping[str, Any]) -> dict[str, Any]:
    """A frame as JSON: bytes in base 64."""
    arrays = {
        name: dict(entry) | {"buffer": base64.b64encode(entry["buffer"]).decode()}
        for name, entry in frame["arrays"].items()
    }
    return dict(frame) | {"arrays": arrays}


def digest(spec: str, frame: Mapping[str, Any]) -> str:
    """What a still depends on, in a few letters: the panels, the numbers, the page that draws them, its palette."""
    known = {**json.loads(spec), "id": ""}, {**plain(frame), "number": 0, "code": ""}, str(Pictures._esm), COLORS
    return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


class Studio:
    """A page in Chromium that shows one explorer at a time.

    Parameters
    ----------
    page : playwright page
        Where it is drawn.
    """

    def __init__(self, page: Any):
        self.page = page

    def show(self, spec: str, frame: Mapping[str, Any]) -> None:
        """Draw a frame of an explorer, whose panels are described by `spec`, and wait until it rests.

        Raises
        ------
        playwright.sync_api.Error
            If the page reports an error or nothing is drawn within a minute; a `RuntimeError` outside of `studio`.
        """
        self.page.evaluate(SHOW, [spec, plain(frame), Pictures.version.default_value])
        self.page.wait_for_function(DRAWN, arg=frame["number"], timeout=60_000)

    def png(self, colors: int = COLORS) -> bytes:
        """What is shown, as a PNG of few colours."""
        from PIL import Image

        self.page.wait_for_timeout(100)  # legends come after the pictures
        shot = Image.open(io.BytesIO(self.page.locator("#place").screenshot())).convert("RGB")
        small = io.BytesIO()
        palette = Image.Quantize.FASTOCTREE  # keeps the colours of thin lines, which by area don't count
        shot.quantize(colors, palette, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        return small.getvalue()


@contextmanager
def studio(theme: str = "light", width: int = WIDTH) -> Iterator[Studio]:
    """Open a page that draws explorers.

    Parameters
    ----------
    theme : str
        "light" or "dark".
    width : int
        Of the page, px.

    Raises
    ------
    ValueError
        If there is no such theme.
    RuntimeError
        If Chromium isn't there, or it or the page fails.
    """
    from playwright.sync_api import Error, sync_playwright

    require(theme in THEMES, "theme", theme, f"one of {sorted(THEMES)}")
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("Stills need Chromium, which is not on the PATH: apt-get install chromium")
    ground, text, border = THEMES[theme]
    html = PAGE.format(ground=ground, text=text, border=border, css=Pictures._css, plotly=get_plotlyjs())
    esm = str(Pictures._esm).replace("export default", "window.page =")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.set_content(html)
            page.add_script_tag(content=SHELF.format(esm=esm, version=json.dumps(Pictures.version.default_value)))
            yield Studio(page)
            browser.close()
    except Error as error:  # when it takes too long as well
        reason, *_ = error.message.partition("\n")
        raise RuntimeError(f"Chromium draws no pictures: {reason}") from error
