"""A classroom on one machine: `python tests/benchmarks/classroom.py 1 5 10 20`, students by students.

A real JupyterHub on the loopback starts a server for each student. All log in at once, run a lesson from its first
cell to its last and then move a slider, each in their own time. One of them sits at a real Chromium (`--no-browser`
for none), the others are HTTP and WebSocket clients that send what a browser sends. Needs `pip install jupyterhub`
beside optilab and `npm install -g configurable-http-proxy`.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import requests
import websocket

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "lessons" / "01_discretisation_drift.ipynb"
PASSWORD = "loopback only"
MOVES, PAUSE = 15, 2.0  # moves of the slider, and seconds of thought between them on average
PATIENCE = 300  # seconds for anything

CONFIG = """
import os

c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = [{command!r}]
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/{{username}}"
c.Spawner.ip = "127.0.0.1"
c.Spawner.env_keep = list(os.environ)
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True"]
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.JupyterHub.log_level = "WARN"
"""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nothing listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def jupyterhub(students: list[str]) -> Iterator[tuple[str, psutil.Process]]:
    """A hub over temporary homes that hold the lesson: its address and its process."""
    command = shutil.which("configurable-http-proxy")
    if command is None:
        raise SystemExit("configurable-http-proxy is not on the PATH: npm install -g configurable-http-proxy")
    with tempfile.TemporaryDirectory() as folder:
        for student in students:
            Path(folder, student).mkdir()
            shutil.copy(LESSON, Path(folder, student))
        port, hub, proxy = free_ports(3)
        settings = {"port": port, "hub": hub, "proxy": proxy, "command": command}
        text = CONFIG.format(**settings, password=PASSWORD, folder=folder, patience=PATIENCE)
        Path(folder, "config.py").write_text(text)
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", "config.py"], cwd=folder, stdout=log, stderr=log
            )
        running = psutil.Process(process.pid)
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(requests.ConnectionError):
                    if requests.get(f"{address}/hub/health", timeout=PATIENCE).ok:
                        break
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"JupyterHub did not start:\n{Path(folder, 'log').read_text()}")
                time.sleep(0.2)
            yield address, running
        finally:
            started = running.children(recursive=True)
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            for each in started:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            process.kill()
            process.wait()


class Student:
    """A student without a browser."""

    def __init__(self, address: str, name: str):
        self.address, self.name = f"{address}/user/{name}", name
        self.session = requests.Session()
        self.models: dict[str, dict[str, Any]] = {}  # widgets, by the id of their comm

    def log_in(self) -> None:
        """Log in and wait until the server that this starts shows JupyterLab."""
        hub = self.address.split("/user/")[0] + "/hub"
        self.session.get(f"{hub}/login", timeout=PATIENCE)
        form = {"username": self.name, "password": PASSWORD, "_xsrf": self.session.cookies.get("_xsrf")}
        self.session.post(f"{hub}/login", data=form, params={"next": "/hub/spawn"}, timeout=PATIENCE)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            page = self.session.get(f"{self.address}/lab", timeout=PATIENCE)
            if page.ok and page.url.split("?")[0] == f"{self.address}/lab":
                return
            time.sleep(0.5)
        raise TimeoutError(f"the server of {self.name} did not start")

    def cookies(self) -> dict[str, str]:
        """The cookies that go to the student's server; those of longer paths win."""
        jar = sorted(self.session.cookies, key=lambda cookie: len(cookie.path))
        return {cookie.name: cookie.value for cookie in jar if f"/user/{self.name}/".startswith(cookie.path)}

    def open_lesson(self) -> None:
        """Start the lesson's kernel and connect to it."""
        form = {"path": LESSON.name, "name": LESSON.name, "type": "notebook", "kernel": {"name": "python3"}}
        headers = {"X-XSRFToken": self.cookies()["_xsrf"]}
        answer = self.session.post(f"{self.address}/api/sessions", json=form, headers=headers, timeout=PATIENCE)
        answer.raise_for_status()
        url = f"{self.address}/api/kernels/{answer.json()['kernel']['id']}/channels".replace("http", "ws", 1)
        self.socket = websocket.create_connection(
            f"{url}?session_id={uuid.uuid4().hex}&_xsrf={self.cookies()['_xsrf']}",
            cookie="; ".join(f"{name}={value}" for name, value in self.cookies().items()),
            origin=self.address.split("/user/")[0],
            timeout=PATIENCE,
        )

    def ask(self, kind: str, content: dict[str, Any]) -> float:
        """Send a message to the kernel and wait until it has been dealt with: seconds."""
        identity = uuid.uuid4().hex
        header = {"msg_id": identity, "msg_type": kind, "username": "", "session": "", "version": "5.3", "date": ""}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        begin = time.perf_counter()
        self.socket.send(json.dumps(message | {"buffers": []}))
        while True:
            text = self.socket.recv()
            if isinstance(text, bytes):  # buffers: their number, offsets, then the message and they
                offsets = struct.unpack_from(f"!{struct.unpack_from('!I', text)[0]}I", text, 4)
                text = text[offsets[0] : offsets[1] if len(offsets) > 1 else None].decode()
            reply = json.loads(text)
            if reply["msg_type"] == "comm_open":
                self.models[reply["content"]["comm_id"]] = reply["content"]["data"].get("state", {})
            if reply["parent_header"].get("msg_id") != identity:
                continue
            if reply["msg_type"] == "error":
                raise RuntimeError(f"{self.name}: {reply['content']['ename']}: {reply['content']['evalue']}")
            if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
                return time.perf_counter() - begin

    def run(self, source: str) -> float:
        """Run a cell: seconds."""
        return self.ask(
            "execute_request", {"code": source, "silent": False, "store_history": True, "user_expressions": {}}
        )

    def slider(self) -> str:
        """The comm of the first slider."""
        return next(comm for comm, state in self.models.items() if state.get("_model_name") == "FloatSliderModel")

    def move(self, share: float) -> float:
        """Move the first slider to a share of its range: seconds until its pictures have been sent."""
        comm = self.slider()
        low, high = self.models[comm]["min"], self.models[comm]["max"]
        state = {"value": low + share * (high - low)}
        return self.ask("comm_msg", {"comm_id": comm, "data": {"method": "update", "state": state, "buffer_paths": []}})


def attend(address: str, name: str, ready: threading.Barrier) -> dict[str, Any]:
    """What a student without a browser does, and how long it takes."""
    cells = [cell for cell in json.loads(LESSON.read_text())["cells"] if cell["cell_type"] == "code"]
    begin, student = time.perf_counter(), Student(address, name)
    student.log_in()
    logged_in = time.perf_counter() - begin
    student.open_lesson()
    picture = 0.0
    for cell in cells:
        source = "".join(cell["source"])
        student.run(source)
        if not picture and source.startswith("explorer."):
            picture = time.perf_counter() - begin
    finished = time.perf_counter() - begin
    ready.wait(PATIENCE)
    chance, moves = random.Random(name), []
    for _ in range(MOVES):
        time.sleep(chance.uniform(0, 2 * PAUSE))
        moves.append(student.move(chance.random()))
    ready.wait(PATIENCE)  # all kernels are there while memory is measured
    ready.wait(PATIENCE)
    student.socket.close()
    return {"login": logged_in, "picture": picture, "lesson": finished, "moves": moves}


def attend_in_browser(address: str, name: str, ready: threading.Barrier) -> dict[str, Any]:
    """The same in a real Chromium, where a move is drawn when the picture has changed."""
    sys.path.insert(0, str(ROOT / "tests" / "browser"))
    import driver

    class LoggedIn:
        """A browser whose pages are the student's."""

        def __init__(self, browser: Any, state: Any):
            self.browser, self.state = browser, state

        def new_page(self, **options: Any) -> Any:
            return self.browser.new_page(storage_state=self.state, **options)

    driver.PATIENCE = PATIENCE
    with driver.browser() as browser:
        begin = time.perf_counter()
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{address}/hub/login?next=/hub/spawn")
        page.fill("#username_input", name)
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit")
        page.wait_for_url(f"{address}/user/{name}/lab**")
        logged_in = time.perf_counter() - begin
        opened = driver.Notebook(LoggedIn(browser, page.context.storage_state()), f"{address}/user/{name}", LESSON.name)
        page.close()
        opened.page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => (window.ran = 1)) }"
        )
        opened.wait_for("() => document.querySelector('.optilab')?.dataset.drawn !== undefined")
        picture = time.perf_counter() - begin
        opened.wait_for("() => window.ran === 1")
        finished = time.perf_counter() - begin
        explorer = opened.explorers[0]
        explorer.settle()
        handle = explorer.box.locator(".noUi-handle").first
        ready.wait(PATIENCE)
        chance, moves = random.Random(name), []
        for move in range(MOVES):
            time.sleep(chance.uniform(0, 2 * PAUSE))
            start = time.perf_counter()
            explorer.act(lambda move=move: handle.press("ArrowRight" if move % 2 else "ArrowLeft"))
            moves.append(time.perf_counter() - start)
        ready.wait(PATIENCE)
        ready.wait(PATIENCE)
        opened.page.close()
    return {"login": logged_in, "picture": picture, "lesson": finished, "moves": moves}


def memory(hub: psutil.Process) -> tuple[list[float], float]:
    """Megabytes of each student's server and kernel, and of the hub and its proxy; shared pages are divided up."""
    users: dict[str, float] = defaultdict(float)
    for process in [hub, *hub.children(recursive=True)]:
        user = process.environ().get("JUPYTERHUB_USER", "")
        users[user] += process.memory_full_info().pss / 1e6
    rest = users.pop("")
    return list(users.values()), rest


def classroom(count: int, browser: bool) -> dict[str, Any]:
    """One class of `count` students."""
    names = [f"student{k:02d}" for k in range(count)]
    roles: list[Callable[..., dict[str, Any]]] = [attend] * count
    if browser:
        roles[0] = attend_in_browser
    ready = threading.Barrier(count + 1)
    with jupyterhub(names) as (address, hub), ThreadPoolExecutor(count) as pool:
        lessons = [pool.submit(role, address, name, ready) for role, name in zip(roles, names, strict=True)]
        try:
            for lesson in lessons:
                lesson.add_done_callback(lambda done: done.exception() and ready.abort())
            ready.wait(2 * PATIENCE)
            busy = psutil.cpu_times()
            begin = time.perf_counter()
            ready.wait(2 * PATIENCE)
            seconds, now = time.perf_counter() - begin, psutil.cpu_times()
            used = (now.user + now.system - busy.user - busy.system) / seconds
            each, rest = memory(hub)
            ready.wait(2 * PATIENCE)
        except threading.BrokenBarrierError:
            failed = [lesson.exception() for lesson in lessons if lesson.done() and lesson.exception() is not None]
            raise RuntimeError(f"{len(failed)} of {count} students failed, the first with: {failed[0]!r}") from failed[
                0
            ]
        return {"each": each, "rest": rest, "cores": used, "students": [lesson.result() for lesson in lessons]}


def main() -> None:
    """Print a row for each class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="+", type=int, metavar="N", help="students")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="clients alone")
    arguments = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {MOVES} moves each, {PAUSE:g} s of thought between two"
    )
    head = (
        "students",
        "MB each",
        "MB hub",
        "login s",
        "picture s",
        "lesson s",
        "move ms",
        "95 % ms",
        "browser ms",
        "cores",
    )
    print(" ".join(f"{word:>10}" for word in head))
    for count in arguments.counts:
        found = classroom(count, arguments.browser)
        students = found["students"]
        clients = students[1:] if arguments.browser and count > 1 else students
        moves = 1000 * np.concatenate([student["moves"] for student in clients])
        seconds = [np.median([student[part] for student in students]) for part in ("login", "picture", "lesson")]
        drawn = 1000 * np.median(students[0]["moves"]) if arguments.browser else np.nan
        row = (
            count,
            np.mean(found["each"]),
            found["rest"],
            *seconds,
            np.median(moves),
            np.quantile(moves, 0.95),
            drawn,
            found["cores"],
        )
        print(" ".join(f"{number:10.4g}" for number in row), flush=True)


if __name__ == "__main__":
    main()
