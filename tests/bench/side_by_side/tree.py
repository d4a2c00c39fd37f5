"""A tree of processes to be stopped: a program, and how it is watched.

Started as a program, it is the tree: each process writes its pid to a file of
its role's name in the folder given, and waits. `hostile` is six processes, two
of which ignore SIGTERM and one of which leaves the session; `cooperative` is
four that end when they are told to.
"""

import os
import signal
import sys
import time
from pathlib import Path

ROLES = {
    "hostile": ("leader", "child", "sleeper", "deaf", "deaf-child", "own-session"),
    "cooperative": ("leader", "child", "sleeper", "sister"),
}

# No process of a tree outlives this, in seconds, whatever goes wrong.
LONGEST = 60


def be(folder, role):
    """Is one process of the tree from here on."""
    signal.alarm(LONGEST)
    if role.startswith("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if role == "own-session":
        os.setsid()
    (folder / f"{role}.new").write_text(str(os.getpid()))
    (folder / f"{role}.new").rename(folder / role)


def grow(folder, kind):
    roles = ROLES[kind]
    be(folder, roles[0])
    for role in roles[1:]:
        if os.fork() == 0:
            be(folder, role)
            break
    while True:
        time.sleep(LONGEST)


class Tree:
    """A tree as it is seen from outside. A pid counts with its start time, so
    that another process with the same number does not."""

    def __init__(self, folder, kind):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.roles = ROLES[kind]
        self.command = [sys.executable, "-S", "-E", __file__, str(self.folder), kind]
        self.known = {}

    def wait(self):
        deadline = time.monotonic() + 20
        while len(self.known) < len(self.roles):
            for role in self.roles:
                path = self.folder / role
                if role not in self.known and path.exists():
                    pid = int(path.read_text())
                    self.known[role] = (pid, start_time(pid))
            if time.monotonic() > deadline:
                raise RuntimeError(f"of the tree there are only {list(self.known)}")
            time.sleep(0.002)

    def living(self):
        return [
            role
            for role, (pid, started) in self.known.items()
            if started is not None and start_time(pid) == started
        ]

    def kill(self):
        for role in self.living():
            os.kill(self.known[role][0], signal.SIGKILL)


def start_time(pid):
    """In ticks since the machine was started; None for what does not live."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


if __name__ == "__main__":
    grow(Path(sys.argv[1]), sys.argv[2])
