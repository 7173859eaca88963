"""How long the core takes to import beside NumPy: `python tests/benchmarks/imports.py`."""

import subprocess
import sys

REPEATS = 21


def milliseconds(module: str) -> float:
    """Time that importing `module` takes in a fresh interpreter, by `-X importtime`."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines]
    names = [name.strip() for _, _, name in rows]
    return sum(int(own) for own, _, _ in rows[names.index("site") + 1 :]) / 1000


def main() -> None:
    """Print the shortest of measurements taken in turns."""
    times = {module: [] for module in ("numpy", "optilab", "optilab.core.run", "optilab.cli")}
    for _ in range(REPEATS):
        for module, measured in times.items():
            measured.append(milliseconds(module))
    base = min(times["numpy"])
    print("import               ms   × numpy")
    for module, measured in times.items():
        print(f"{module:18} {min(measured):5.1f}   {min(measured) / base:7.2f}")


if __name__ == "__main__":
    main()
