"""Kernels for the chapters, forked from one process that starts with the build and has imported what they all import.

Imports are a third of the time that a build takes when each chapter has them to itself. Each chapter still runs in a
process of its own, in which nothing has been computed: only code and tables as they stood when the build began.

Jupyter finds kernels by their specification. The one that stands in for Python's starts this file with the name of a
connection file; that small process asks the warm one for a fork, and lives as long as the fork does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

PLACE = "DOJO_CALC_WARM"  # environment variable with the path of the warm process's socket
MOST_BYTES = 2**20  # of a request
# What chapters import, and Jupyter's kernel. Nothing is computed: polars' threads would not survive the fork.
IMPORTS = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.completer", "numpy", "polars", "altair", "scipy.stats",
    "scipy.optimize", "vl_convert", "dojo_calc.pictures.charts", "dojo_calc.pictures.live",
)  # fmt: skip


class Warm:
    """The warm process, seen from the build."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dojo_warm_")
        folder = Path(self._folder.name)
        kernel = folder / "kernels" / "python3"
        kernel.mkdir(parents=True)
        told = {
            "argv": [sys.executable, "-S", "-E", str(Path(__file__).resolve()), "{connection_file}"],
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "metadata": {"debugger": True},
        }
        (kernel / "kernel.json").write_text(json.dumps(told), "utf-8")
        place = str(folder / "socket")
        self._before = {name: os.environ.get(name) for name in ("JUPYTER_PATH", PLACE)}
        path = [str(folder), *filter(None, [self._before["JUPYTER_PATH"]])]
        os.environ |= {"JUPYTER_PATH": os.pathsep.join(path), PLACE: place}
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(place)
            door.listen(64)  # whoever asks before the imports are done waits here
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).resolve()), "--serve", str(door.fileno())],
                pass_fds=[door.fileno()],
                stdin=subprocess.PIPE,
            )

    def close(self) -> None:
        """End the process, and forget its kernels."""
        assert self._process.stdin is not None
        self._process.stdin.close()  # which ends it, as the end of the build would
        self._process.wait()
        for name, value in self._before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        self._folder.cleanup()


def serve(door: socket.socket) -> None:
    """Import, then fork a kernel for each request, until standard input ends."""
    import gc
    from importlib import import_module
    from selectors import EVENT_READ, DefaultSelector

    for name in IMPORTS:
        import_module(name)
    import_module("dojo_calc").catalogue()  # read once for all
    gc.collect()
    gc.freeze()  # so that a collection in a fork does not copy every page
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    with DefaultSelector() as selector:
        selector.register(door, EVENT_READ)
        selector.register(sys.stdin, EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return
                caller, _ = door.accept()
                if os.fork() == 0:
                    selector.close()
                    door.close()
                    become_kernel(caller)
                caller.close()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def become_kernel(caller: socket.socket) -> NoReturn:
    """Be a fresh IPython kernel, of the folder and the environment that the caller has."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        asked: dict[str, Any] = json.loads(caller.makefile("r", encoding="utf-8").readline(MOST_BYTES))
        os.environ.clear()
        os.environ |= asked["environment"]
        os.chdir(asked["folder"])
        threading.Thread(target=_follow, args=(caller,), daemon=True).start()
        del sys.path[0]  # this file's folder; IPython puts the kernel's own there
        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance()
        # A parent that is process 1 is one not to watch: `_follow` does, and nobody is told how to stop it by hand.
        app.initialize(["-f", asked["connection"], "--IPKernelApp.parent_handle=1"])
        app.start()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _follow(caller: socket.socket) -> None:
    """End as soon as the process that stands for this one is gone, killed or not."""
    caller.recv(1)
    os._exit(1)


def ask(connection: str) -> None:
    """Ask for a kernel and wait for its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # sent before each end, for a cell that runs; none does
    told = {"connection": connection, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[PLACE])
        line.sendall(json.dumps(told).encode() + b"\n")
        line.recv(1)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(socket.socket(fileno=int(sys.argv[2])))
    else:
        ask(sys.argv[1])
