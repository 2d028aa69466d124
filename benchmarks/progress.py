"""How honest the terminal is while `adapt` runs: the clock, the bar, the remaining time, the budget.

Runs the command under a pseudo-terminal and reads what is drawn. Run: `python -m benchmarks.progress`.
"""

import argparse
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from fcntl import ioctl
from itertools import pairwise
from pathlib import Path
from termios import TIOCSWINSZ

CASES = {  # what is adapted to
    "demo": ("clipart",),
    "photos": ("clipart", "--per-class", "15"),
    "posts": ("tweets", "--per-class", "100"),
    "table": ("spambase",),
}
COLUMNS = 100
DRAWN = re.compile(r"(\d+):(\d\d) ([━╸╺ ]+)(.*)")  # clock, bar, step and remaining time
LEFT = re.compile(r", (?:about|at most) (\d+):(\d\d) left")
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PULSING = 8  # changes of colour within a bar that shows no share
FIFTH = 0.2  # of the time, after which the remaining time is judged


@dataclass
class Frame:
    """What one drawing of the line showed."""

    at: float  # seconds since the start
    clock: float  # that it showed, seconds
    step: str
    left: float | None  # remaining seconds that it showed
    share: bool  # whether the bar showed how much of the step is done


@dataclass
class Watched:
    """A run of the command."""

    total: float = 0.0  # seconds
    updates: list[float] = field(default_factory=list)  # when something was drawn
    frames: list[Frame] = field(default_factory=list)

    def silence(self) -> float:
        """The longest time in which nothing was drawn, from the first drawing on."""
        return max(after - before for before, after in pairwise([*self.updates, self.total]))

    def clock_off(self) -> float:
        """The largest difference of the clock from a stopwatch, beside a second that it does not show."""
        return max(max(0.0, abs(frame.at - frame.clock) - 1) for frame in self.frames)

    def longest_without_share(self) -> tuple[float, str]:
        """Seconds of the longest stretch of a step in which the bar showed no share of it."""
        worst, begun = (0.0, ""), self.frames[0]
        for frame in self.frames:
            if frame.share or frame.step != begun.step or begun.share:
                begun = frame
            worst = max(worst, (frame.at - begun.at, frame.step))
        return worst

    def remaining(self) -> float | None:
        """The remaining time shown after a fifth of the run over the true one."""
        seen = [frame for frame in self.frames if frame.at <= FIFTH * self.total and frame.left is not None]
        return seen[-1].left / (self.total - seen[-1].at) if seen and seen[-1].left is not None else None


def watch(words: list[str]) -> Watched:
    """Run the command on a terminal of its own and note what it draws when."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "headstart", *words]
    found, begun = Watched(), time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
        env=os.environ | {"TERM": "xterm-256color"},
    ) as process:
        os.close(theirs)
        while process.poll() is None or select.select([ours], [], [], 0)[0]:
            if not select.select([ours], [], [], 0.5)[0]:
                continue
            try:
                text = os.read(ours, 1 << 16).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                break
            now = time.perf_counter() - begun
            found.updates.append(now)
            found.frames += filter(None, (frame_of(part, now) for part in re.split(r"[\r\n]+", text)))
    found.total = time.perf_counter() - begun
    os.close(ours)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with code {process.returncode}.")
    return found


def frame_of(text: str, now: float) -> Frame | None:
    """What a line shows, if it is that of the bar."""
    match = DRAWN.search(COLOUR.sub("", text))
    if match is None:
        return None
    left = LEFT.search(match[4])
    return Frame(
        at=now,
        clock=60 * int(match[1]) + int(match[2]),
        step=LEFT.sub("", match[4]).strip(" ,"),
        left=60 * int(left[1]) + int(left[2]) if left else None,
        share=len(re.findall(r"\x1b\[[0-9;]*m[━╸╺]", text)) < PULSING,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--budget", type=float, default=300.0)
    given = parser.parse_args()
    rows = []
    for name in given.cases:
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as folder:
            out = ["--out", str(Path(folder) / "run"), "--budget", f"{given.budget:g}"]
            seen = watch(["adapt", *CASES[name], *out])
        without, step = seen.longest_without_share()
        ratio = seen.remaining()
        rows.append(
            f"| {name} | {seen.total:.0f} s, {seen.total / given.budget:.2f} | {seen.silence():.1f} s | "
            f"{seen.clock_off():.1f} s | {without:.1f} s ({step}) | "
            f"{'none shown' if ratio is None else f'{ratio:.2f}'} | {load:.1f} |"
        )
    print(
        f"\nBudget {given.budget:g} s, {os.cpu_count()} processors.\n\n"
        "| what | time, over the budget | longest silence | clock off by | longest without a share | "
        "remaining time shown after a fifth, over the true one | load before |\n|---|---|---|---|---|---|---|"
    )
    print("\n".join(rows))


if __name__ == "__main__":
    main()
