"""Inner loops that are differentiated in the second order, or in the first."""

from dataclasses import dataclass

from headstart.learners.optimisation._settings import InnerLoop


@dataclass(frozen=True, kw_only=True)
class OrderedLoop(InnerLoop):
    """Settings of learners whose start is learned through the inner steps.

    Attributes:
        order: 2 differentiates the inner gradients; 1 takes them as constants.
    """

    order: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("order", self.order in (1, 2), "1 or 2")

    @property
    def twice(self) -> bool:
        """In the second order."""
        return self.order == 2
