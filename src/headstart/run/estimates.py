"""What planned steps will take: as long as their finished siblings, or as estimated at the speed of late."""

from collections.abc import Iterable, Mapping

TRUST = 3.0  # largest factor by which an estimate is assumed to be wrong
BRIEF = 0.05  # seconds; a quicker step was loaded from an earlier run and is no measure of speed
LEAST = 1.0  # estimated seconds below which what steps took says nothing of the others
SOME = 0.2  # share of the current step below which its speed says nothing of the others
HALF_LIFE = 30.0  # seconds of steps after which what was measured before them counts half


class Estimates:
    """Planned steps with prior estimates in seconds, corrected by what the finished ones took.

    A remaining step is estimated by the time of its finished siblings (other folds of the same method), or
    else by its prior estimate times the pace: measured over estimated time of the steps of late, since the
    load of a machine changes.
    """

    def __init__(self) -> None:
        self.prior: dict[str, float] = {}
        self._took = self._estimated = 0.0  # of finished steps that had an estimate, the latest count most
        self._siblings: dict[str, list[float]] = {}

    @property
    def measured(self) -> bool:
        """Whether a step is finished that had an estimate."""
        return self._estimated > 0

    def expect(self, steps: Mapping[str, float]) -> None:
        """Register planned steps and the estimated seconds of each."""
        self.prior.update(steps)

    def forget(self, start: str) -> None:
        """Drop the planned steps whose names start with a prefix."""
        self.prior = {name: value for name, value in self.prior.items() if not name.startswith(start)}

    def learn(self, name: str, seconds: float) -> None:
        """Take what a step took as a measure of its siblings."""
        if seconds > BRIEF:
            self._siblings.setdefault(_kind(name), []).append(seconds)

    def finish(self, name: str, seconds: float) -> None:
        """A step is over and took so many seconds: it is planned no more, and tells how fast others are."""
        estimate = self.prior.pop(name, 0.0)
        if seconds > BRIEF and estimate:  # what nobody had estimated says nothing of estimates
            faded = 0.5 ** (seconds / HALF_LIFE)
            self._took = faded * self._took + seconds
            self._estimated = faded * self._estimated + estimate
        self.learn(name, seconds)

    def seconds(self, names: Iterable[str], running: tuple[str, float, float] | None = None) -> float:
        """Estimated seconds of planned steps together; one that is not planned takes none.

        Args:
            names: of steps.
            running: name of the current step, the seconds since it began, and its finished share in [0, 1],
                whose speed counts for the others, too.
        """
        pace = self._pace(running)
        return sum(self._guess(name, pace) for name in [*names] if name in self.prior)

    def by_siblings(self, names: Iterable[str]) -> float:
        """Seconds of steps, planned or not, by their finished siblings; one without any takes none."""
        return sum(map(self._of_siblings, names))

    def rest(self, name: str, spent: float, done: float | None) -> float:
        """Estimated seconds to the end of the current step: the more is done, the more by its own speed.

        Args:
            name: of the step.
            spent: seconds since it began.
            done: its finished share, in [0, 1]; None: unknown.
        """
        guess = self._guess(name, self._pace(None)) if name in self.prior else 0.0
        if not done:
            return max(0.0, guess - spent)
        left = 1 - done
        return left * (left * guess + spent) if guess else left / done * spent

    def _guess(self, name: str, pace: float) -> float:
        """Estimated seconds of a step."""
        return self._of_siblings(name) or self.prior.get(name, 0.0) * pace

    def _of_siblings(self, name: str) -> float:
        """Mean seconds of the latest two siblings; 0 where there is none."""
        latest = self._siblings.get(_kind(name), [])[-2:]
        return sum(latest) / len(latest) if latest else 0.0

    def _pace(self, running: tuple[str, float, float] | None) -> float:
        """Measured over estimated seconds, of late."""
        took, estimated = self._took, self._estimated
        if running is not None and running[2] >= SOME and running[0] in self.prior:
            name, spent, done = running
            took, estimated = took + spent, estimated + done * self.prior.get(name, 0.0)
        factor = took / estimated if estimated > LEAST else 1.0
        return min(max(factor, 1 / TRUST), TRUST)


def _kind(name: str) -> str:
    """The common name of a step's siblings: its own without the number at the end."""
    return name.rstrip("0123456789")
