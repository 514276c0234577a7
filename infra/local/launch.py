"""Starts one program that cannot outlive the supervisor; a script of its own, run with `python -I -S`.

Usage: launch.py PARENT_PID DEATH_SIGNAL USER_ID GROUP_ID PROGRAM [ARGUMENT...]   (user id -1: stay who we are)
"""

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def _become(libc: ctypes.CDLL, user: int, group: int, walk_anywhere: bool) -> None:
    """Become another OS user, who keeps the right to walk through folders of root only if that is needed."""
    if walk_anywhere:
        # else access(2) leaves the capability out of account, and PostgreSQL's programs ask it about each other
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    if walk_anywhere:
        mask = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        if (
            libc.capset(header, sets) != 0
            or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0) != 0
        ):
            sys.exit("launch: a folder on the way to the program is closed to its user, and so is the way around it")


def _closed(path: Path) -> bool:
    """Whether a folder on the way to this path can be entered by its owner only."""
    return any(folder.is_dir() and not folder.stat().st_mode & 0o001 for folder in path.parents)


def main(arguments: list[str]) -> None:
    """Take the user, tie our life to the parent's, and become the program."""
    parent, death_signal, user, group = (int(text) for text in arguments[:4])
    libc = ctypes.CDLL(None, use_errno=True)
    if user >= 0:
        paths = [Path(text) for text in arguments[4:] if text.startswith("/")] + [Path.cwd() / "data"]
        _become(libc, user, group, any(_closed(path) for path in paths))
    # after the change of user, which clears it
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"launch: prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("launch: the supervisor ended before the program was started")
    os.execvp(arguments[4], arguments[4:])  # noqa: S606 - to become the program is the point


if __name__ == "__main__":
    main(sys.argv[1:])
