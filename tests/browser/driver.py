"""Drive a real JupyterLab with a real Chromium: what the browser tests and benchmarks share."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

MEASURES = Path(__file__).parent / "measures.js"
PATIENCE = 120  # seconds; the machine may be busy
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/sessionDialogs": {"skipKernelRestartDialog": True},
}
UNWANTED = ["@jupyterlab/debugger-extension"]  # complains when a notebook is left before it has asked the kernel
LEFT = re.compile(r"Canceled future for \w+_subshell_request message")  # what JupyterLab says of it at other times


def chromium():
    """The path of Chromium.

    Raises
    ------
    RuntimeError
        Where there is none.
    """
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("The browser tests need Chromium, which is not on the PATH: apt-get install chromium")
    return path


@contextlib.contextmanager
def browser():
    """Start Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


def answers(port):
    """Whether someone listens on a port of this machine."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def jupyterlab(folder):
    """Start JupyterLab on a free port over a folder, configured by us and not by the user; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        for name, setting in SETTINGS.items():
            path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(setting))
        page = home / "config" / "labconfig" / "page_config.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps({"disabledExtensions": dict.fromkeys(UNWANTED, True)}))
        ours = home / "ours" / "jupyter_server_config.d" / "optilab.json"  # where an installation has it, too
        ours.parent.mkdir(parents=True)
        shutil.copy(Path(__file__).parents[2] / "optilab" / "server.json", ours)
        own = {
            "HOME": home,
            "JUPYTER_CONFIG_PATH": home / "ours",
            "JUPYTER_CONFIG_DIR": home / "config",
            "JUPYTER_DATA_DIR": home / "data",
            "JUPYTER_RUNTIME_DIR": home / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": home / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
            "IPYTHONDIR": home / "ipython",
        }
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"),
            *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}"),
            "--expose-app-in-browser",
        ]
        log = home / "log"
        with log.open("w") as output:
            server = subprocess.Popen(
                command, env=os.environ | {name: str(path) for name, path in own.items()}, stdout=output, stderr=output
            )
        try:
            until = time.monotonic() + PATIENCE
            while not answers(port):
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def write_notebook(path, *cells):
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    )
    nbformat.write(notebook, path)


CELLS = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
ROOTS = ".jp-NotebookPanel:not(.lm-mod-hidden) .optilab"
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"


def wait_for(page, condition, argument, state, patience=1):
    """Look again and again until a condition, in JavaScript, holds in the page.

    Nothing stays pending in the page meanwhile: Chromium sometimes forgets a promise that is waited for from outside.

    Raises
    ------
    RuntimeError
        If it doesn't hold in time; says what `state()` gives.
    """
    until, nap = time.monotonic() + patience * PATIENCE, 10.0
    while not page.evaluate(f"given => Boolean(({condition})(given))", argument):
        if time.monotonic() > until:
            raise RuntimeError(f"waited in vain for {condition}: {state()}")
        page.wait_for_timeout(nap)
        nap = min(1.2 * nap, 250)  # looking takes time, too


class Explorer:
    """An explorer in the page."""

    def __init__(self, page, root, errors):
        self.page = page
        self.errors = errors  # of the page
        self.root = root  # its pictures
        self.box = root.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")  # controls and pictures

    @property
    def drawn(self):
        """The number of the frame that is drawn."""
        return int(self.root.get_attribute("data-drawn", timeout=PATIENCE * 1000) or 0)

    @property
    def error(self):
        """The sentence above the pictures."""
        return self.root.locator(".optilab-error").text_content()

    @property
    def note(self):
        """The sentence under the pictures."""
        return self.root.locator(".optilab-note").inner_text()

    @property
    def stale(self):
        """Whether the pictures look stale."""
        return "optilab-stale" in self.root.get_attribute("class")

    def fingerprint(self):
        """A number for what each panel shows at rest and one for the note."""
        self.wait("root => !root.hasAttribute('data-moving')")
        return self.root.evaluate("root => measures.fingerprint(root)")

    def panel(self, index):
        """The picture of a panel."""
        return self.root.locator(".optilab-plot").nth(index)

    def button(self, text):
        """A button of the explorer, named values' among them."""
        return self.box.get_by_role("button", name=text, exact=True)

    def unfold(self):
        """Bring those controls to sight that are too many at once."""
        more = self.box.get_by_role("button", name=re.compile(r"^\d+ more$"))
        if more.count():
            more.click()
            self.box.get_by_role("button", name="fewer", exact=True).wait_for()

    def handle(self, label):
        """The handle of the slider with a label."""
        return self.box.locator(".widget-inline-hbox", has=self.page.get_by_text(label, exact=True)).locator(
            ".noUi-handle"
        )

    def readout(self, label):
        """What the slider with a label shows as its value."""
        return self.box.locator(".widget-inline-hbox", has=self.page.get_by_text(label, exact=True)).locator(
            ".widget-readout"
        )

    def wait(self, condition, argument=None):
        """Wait until a condition on the pictures' element, in JavaScript, holds."""
        wait_for(
            self.page,
            f"([root, given]) => ({condition})(root, given)",
            [self.root.element_handle(), argument],
            lambda: f"frame {self.drawn}, {self.error!r}, {self.note!r}, the page's errors {self.errors}",
        )

    def wait_drawn(self, after=0):
        """Wait until a later frame than `after` is drawn and no newer one is on its way."""
        self.wait("(root, after) => Number(root.dataset.drawn) > after", after)

    def settle(self):
        """Bring the explorer into view and wait until its pictures have taken their place."""
        self.box.evaluate("box => box.scrollIntoView({ block: 'nearest' })")
        self.wait("root => measures.settled(root)")

    def act(self, action):
        """Do something and wait until it is drawn."""
        before = self.drawn
        action()
        self.wait_drawn(before)


class Notebook:
    """A notebook that is open in JupyterLab, with all errors that the page reported."""

    def __init__(self, browser, address, name, width=1400, height=1000):
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.page.add_init_script(path=MEASURES)
        self.page.set_default_timeout(PATIENCE * 1000)
        self.errors = []
        self.frames = {"framesent": [], "framereceived": []}  # lengths of WebSocket messages to and from kernels
        self.received = 0  # bytes over HTTP
        self.page.on("console", lambda message: message.type == "error" and self._note(message.text))
        self.page.on("pageerror", lambda error: self._note(error.stack or str(error)))
        self.page.on("websocket", self._listen)
        network = self.page.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", self._loaded)
        self.address = address
        self.open(name)

    def _note(self, error):
        if not LEFT.search(error):
            self.errors.append(error)

    def _listen(self, socket):
        if "/channels" in socket.url:
            for kind, lengths in self.frames.items():
                socket.on(kind, lambda payload, lengths=lengths: lengths.append(len(payload)))

    def _loaded(self, event):
        self.received += event["encodedDataLength"]

    def open(self, name):
        """Open a notebook in this tab, which is loaded anew."""
        self.page.goto(f"{self.address}/lab/tree/{name}?reset")
        self.ready()
        self.command("application:toggle-left-area")

    def turn_to(self, name):
        """Leave all notebooks unsaved, shut their kernels down and open another one in the same page."""
        self.page.evaluate("() => [...window.jupyterapp.shell.widgets('main')].forEach(widget => widget.dispose())")
        self.shut_down()
        self.command("docmanager:open", path=name)
        self.wait_for("name => window.jupyterapp.shell.currentWidget?.context?.path === name", name)
        self.ready()

    def ready(self):
        """Wait until the notebook in front is there and its kernel is idle."""
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
        self.idle()

    def idle(self):
        """Wait until the kernel has nothing to do."""
        self.wait_for(f"() => {KERNEL}?.status === 'idle'")

    def wait_for(self, condition, argument=None, patience=1):
        """Wait until a condition, in JavaScript, holds in the page."""
        wait_for(self.page, condition, argument, lambda: f"the page's errors {self.errors}", patience)

    def finish(self, promise, argument=None):
        """Wait until what a function of JavaScript has begun is done.

        Raises
        ------
        RuntimeError
            With what the page says of it, if it fails.
        """
        self.page.evaluate(
            f"""given => {{
              const begun = (window.begun = {{ ended: false, error: null }});
              Promise.resolve(({promise})(given))
                .catch(error => {{ begun.error = String(error); }})
                .finally(() => {{ begun.ended = true; }});
            }}""",
            argument,
        )
        self.wait_for("() => window.begun.ended", patience=4)
        error = self.page.evaluate("() => window.begun.error")
        if error is not None:
            raise RuntimeError(f"{promise} with {argument}: {error}")

    def command(self, name, **arguments):
        """Execute a command of JupyterLab and wait until it is done."""
        self.finish("([name, given]) => window.jupyterapp.commands.execute(name, given)", [name, arguments])

    def run_all(self):
        """Run all cells and wait until every explorer is drawn."""
        self.ready()
        self.command("notebook:run-all-cells")
        self.wait_drawn()

    def wait_drawn(self):
        """Wait until every explorer is drawn."""
        self.wait_for(f"""() => {{
          const shown = {CELLS}.flatMap(cell => cell.outputs ?? []).map(output => output.data?.['text/plain'] ?? '');
          const explorers = shown.filter(text => /^[a-z_]+\\(.*=/.test(text)).length;
          const roots = [...document.querySelectorAll('{ROOTS}')];
          return roots.length >= explorers && roots.every(root => root.dataset.drawn !== undefined);
        }}""")

    @property
    def explorers(self):
        """The explorers of the notebook in front."""
        roots = self.page.locator(ROOTS)
        return [Explorer(self.page, roots.nth(index), self.errors) for index in range(roots.count())]

    def failures(self):
        """The errors that cells ended with."""
        return self.page.evaluate(
            f"() => {CELLS}.flatMap(cell => cell.outputs ?? []).filter(output => output.output_type === 'error')"
            ".map(output => `${output.ename}: ${output.evalue}`)"
        )

    def theme(self, name):
        """Change JupyterLab's theme and wait until it is there."""
        if self.page.evaluate("document.body.dataset.jpThemeName") == f"JupyterLab {name}":
            return
        self.command("apputils:change-theme", theme=f"JupyterLab {name}")
        self.wait_for("name => document.body.dataset.jpThemeName === name", f"JupyterLab {name}")
        for explorer in self.explorers:
            explorer.settle()
            explorer.wait("root => measures.themed(root)")

    def shut_down(self):
        """Shut all kernels down."""
        self.finish("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")

    def close(self):
        """Shut the kernels down and close the page."""
        self.shut_down()
        self.page.close()
