"""The command `headstart`: what goes wrong is said in a sentence, not in a traceback."""

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; exit codes are in the docs."""
    from headstart.cli import app

    try:
        app(standalone_mode=False)
    except KeyboardInterrupt:
        _say("Interrupted. What was finished is kept; the same command with --resume goes on from there.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    """Print what a user can do about an error; the exit code. Our own mistakes are raised."""
    if type(error).__name__ == "Abort":  # a prompt was left with Ctrl-C
        _say("Interrupted.")
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
    raise error


def _say(text: str) -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False).print(f"[bold red]headstart:[/] {_escaped(text)}", soft_wrap=True)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


if __name__ == "__main__":
    main()
