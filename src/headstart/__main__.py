"""The command `headstart`: what goes wrong is said in a sentence, not in a traceback."""

import errno
import os
import sys
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

_usual_warning = warnings.formatwarning
INTERRUPTED = 130
CANNOT_WRITE = 8
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO)


def main() -> None:
    """Run the command line; exit codes are in the docs."""
    _accept_any_name()
    warnings.formatwarning = _as_sentence  # type: ignore[assignment]
    # torch's threads sleep while they wait: spinning ones make a busy machine ten times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from headstart.cli import app, count_from_start
        from headstart.face import speak

        count_from_start()
        with speak(command_line=True):  # typer may give the code of an interruption
            code = app(standalone_mode=False, prog_name="headstart")
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        code = _explain(error)
    if code == INTERRUPTED:
        _say("Interrupted." + _way_on(sys.argv[1:]))
    if code:
        sys.exit(code)


def _way_on(words: list[str]) -> str:
    """How an interrupted study goes on, and where its first model lies."""
    from headstart.studies._dated import latest_folder
    from headstart.studies._spec import study_names

    if not {*words[:1]} & {*study_names()}:
        return ""
    way = " What was finished is kept; the same command with --resume goes on from there."
    named = [word for before, word in pairwise(words) if before == "--out"]
    named += [word.removeprefix("--out=") for word in words if word.startswith("--out=")]
    folder = Path(named[-1]) if named else latest_folder(words[0])
    if folder is not None and (folder / "model" / "config.json").is_file():
        way += f" A first model lies in {folder / 'model'}."
    return way


def _explain(error: Exception) -> int:
    """Print what a user can do about an error; the exit code. Our own mistakes are raised."""
    if type(error).__name__ == "Abort":  # Ctrl-C, as some versions of typer have it
        return INTERRUPTED
    if isinstance(code := getattr(error, "exit_code", None), int):  # a command line that can't be read
        if hasattr(error, "show"):
            error.show()
        return code
    if "headstart.core" in sys.modules:
        from headstart.core import HeadstartError

        if isinstance(error, HeadstartError):
            _say(str(error))
            return error.code
    if isinstance(error, OSError) and error.errno in FULL:
        _say(
            f"Can't read or write {error.filename or 'a file'}: {error.strerror}. What was finished is kept."
        )
        return CANNOT_WRITE
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        _say("The memory is full. Take a smaller --size or --batch, or another backbone.")
        return 1
    raise error


def _as_sentence(message: Warning | str, kind: type[Warning], *place: Any, **line: Any) -> str:
    """A warning of ours without the place in the code, which means nothing to a user."""
    if kind.__module__.startswith("headstart"):
        return f"headstart: {message}\n"
    return _usual_warning(message, kind, *place, **line)


def _accept_any_name() -> None:
    """File names that are no text, and letters that the terminal lacks, are written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _say(text: str) -> None:
    from headstart.cli import output

    output.prose(text, stderr=True, start="headstart:")


if __name__ == "__main__":
    main()
