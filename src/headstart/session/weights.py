"""How much each labelled row counts: as the user says, or as a method weighs it by where the target lies."""

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from headstart.core import BadInput, Method, derive_seed
from headstart.data.train_test_split import Rows
from headstart.models.fast import fast
from headstart.session.outputs import outputs_of

if TYPE_CHECKING:
    from headstart.session.session import Session


def row_weights(
    session: "Session", method: Method[Any], rows: Rows, seed: int, given: np.ndarray | None
) -> tuple[np.ndarray | None, list[str]]:
    """Weights of all rows of a session's data, 1 on average over `rows`; None if all count the same.

    Also what is to be said of them.

    Raises:
        BadInput: they are not finite numbers >= 0, one a row, or all of `rows` have 0.
    """
    notes: list[str] = []
    if given is None and method.about.weights_source_rows and session.target is not None:
        target = session.target
        seen, unseen = features(session, rows), features(target.session, target.rows)
        estimated = method.row_weights(seen, unseen, derive_seed(seed, "weights"))
        assert estimated is not None
        given = np.zeros(len(session.data))
        given[rows] = estimated.numpy(force=True)
        warning = method.unreliable_weights(seen, unseen, estimated)
        notes = [] if warning is None else [warning]
    if given is None:
        return None, []
    weights = np.asarray(given, dtype=np.float64)
    wrong = weights.shape != (len(session.data),) or not np.isfinite(weights).all() or (weights < 0).any()
    if wrong or not weights[rows].sum() > 0:
        raise BadInput(
            f"Weights must be {len(session.data)} finite numbers >= 0, one for each row and not all 0; "
            "drop rows whose weight is unknown."
        )
    return weights / weights[rows].mean(), notes


def features(session: "Session", rows: Rows) -> Tensor:
    """What the frozen backbone gives (n, width) for rows (n,)."""
    encoder = fast(session.backbone) if session.engine.device.type == "cpu" else session.backbone.eval()
    return outputs_of(encoder, session.source_in(None), rows, session.engine.device, 32)
