"""Run a command while holding a lock: ``python locked.py FILE COMMAND...``; who comes second waits, and is told.

The command and all that it starts hold the lock with it, so a build whose `make` was killed keeps it to its end.
"""

import fcntl
import os
import sys
from pathlib import Path


def main() -> None:
    """Take the lock, then become the command."""
    path, *command = sys.argv[1:]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Waiting: another process is at work there, and holds {path}", file=sys.stderr, flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
