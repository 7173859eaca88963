"""What kernels and workers that a command starts are told by environment variables."""

import os


def prefer_this_environment() -> None:
    """Let Jupyter find this environment's kernel before one of the same name in the user's home."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def one_thread_each() -> None:
    """Let linear algebra do with one thread a process, unless the user has said how many.

    The matrices here are small: more threads wait for each other, and where processors are shared they wait in a loop.
    """
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
