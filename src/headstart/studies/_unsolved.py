"""Errors by which one method of several fails, and which the others do not share."""

from collections.abc import Iterator
from contextlib import contextmanager

from headstart.core import CannotWrite, Diverged, HeadstartError
from headstart.core.errors import CacheRefused, MissingPackage
from headstart.run.descent import out_of_memory
from headstart.session.unsolved import unsolved_as_diverged

SHARED = (CannotWrite, CacheRefused, MissingPackage)  # of the machine: the next method would meet them too


@contextmanager
def as_diverged() -> Iterator[None]:
    """Inside, an error of one method is raised as `Diverged` with its reason, which studies leave out.

    That is a solver that does not converge or has no solution, data that the method can't take, and memory
    that does not suffice; not what any other method would meet too, and no mistake of the code.
    """
    try:
        with unsolved_as_diverged():
            yield
    except (Diverged, *SHARED):
        raise
    except HeadstartError as error:
        raise Diverged(str(error)) from error
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise Diverged(
            "memory was too short; fewer rows, a smaller batch or fewer blocks may fit."
        ) from error
