"""When a command began: with the process, where that runs one command alone."""

_alone: list[bool] = []


def count_from_start() -> None:
    """Let the time of commands count from when this process began, as it runs one command alone."""
    _alone.append(True)


def began() -> float | None:
    """When this process began, by `time.monotonic`; None: it runs more than one command."""
    from headstart.run.progress import process_start

    return process_start() if _alone else None
