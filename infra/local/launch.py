"""Starts one program that cannot outlive the supervisor; a script of its own, run with `python -I -S`.

Usage: launch.py PARENT_PID DEATH_SIGNAL USER_ID GROUP_ID PROGRAM [ARGUMENT...]   (user id -1: stay who we are)
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def _become(libc: ctypes.CDLL, user: int, group: int) -> None:
    """Become another OS user who can still walk through folders that only root may enter (a project below /root)."""
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, sets) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main(arguments: list[str]) -> None:
    """Take the user, tie our life to the parent's, and become the program."""
    parent, death_signal, user, group = (int(text) for text in arguments[:4])
    libc = ctypes.CDLL(None, use_errno=True)
    if user >= 0:
        _become(libc, user, group)
    # after the change of user, which clears it
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit(f"launch: prctl failed: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("launch: the supervisor ended before the program was started")
    os.execvp(arguments[4], arguments[4:])  # noqa: S606 - to become the program is the point


if __name__ == "__main__":
    main(sys.argv[1:])
