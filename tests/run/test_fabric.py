"""Two processes on Lightning Fabric with a share of each batch each = one process with all of it."""

import functools
import os
import subprocess
import sys

import pytest
import torch
from tests.run.two import METHODS, ROWS
from torch.nn.functional import cross_entropy, normalize

from headstart.run.checkpoint import load_state

pytest.importorskip("lightning_fabric")
pytestmark = [pytest.mark.many, pytest.mark.slow]

CASES = {
    "methods": [method.about.name for method in METHODS],
    "engine": ["lbfgs", "guided", "in parts", "comparing", "short"],
}
EACH = [(part, case) for part, cases in CASES.items() for case in cases]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What one process and two processes (4 and 3 rows) made of a part; started once."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}

    @functools.cache
    def find(part):
        folder = tmp_path_factory.mktemp(part)
        command = [sys.executable, "-m", "tests.run.two", str(folder), part]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=240, env=environment
        )
        assert done.returncode == 0, done.stderr
        assert "FutureWarning" not in done.stderr
        return {name: load_state(folder / name) for name in ("alone", "0", "1")}

    return find


@pytest.mark.parametrize("rank", ["0", "1"])
@pytest.mark.parametrize(("part", "case"), EACH)
def test_two_processes_are_one(part, case, rank, found):
    alone, mine = found(part)["alone"][case], found(part)[rank][case]
    # a line search ends where it is good enough; all else takes the very same steps
    near = {"rtol": 1e-2, "atol": 2e-3} if case == "lbfgs" else {"rtol": 1e-4, "atol": 1e-5}
    for kind in ("parts", "average"):
        assert mine[kind].keys() == alone[kind].keys()
        for name, value in alone[kind].items():
            torch.testing.assert_close(mine[kind][name], value, **near, msg=f"{kind} {name}")


@pytest.mark.parametrize(("part", "case"), EACH)
def test_both_processes_end_with_the_same_bytes(part, case, found):
    one, other = found(part)["0"][case]["parts"], found(part)["1"][case]["parts"]
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_one_process_may_run_short_of_memory(found):
    assert [found("engine")[name]["short"]["accumulate"] for name in ("alone", "0", "1")] == [1, 1, 2]


def test_a_guide_of_nought_keeps_its_weights_in_both(found):
    assert all(found("engine")[name]["guided"]["still"] for name in ("alone", "0", "1"))


def test_one_bad_row_stops_both_unchanged(found):
    for name in ("alone", "0", "1"):
        assert found("engine")[name]["diverging"] == {"stopped": True, "unchanged": True}


def test_uneven_rows_are_gathered_in_order_and_their_gradients_summed(found):
    for rank, own in (("0", 2), ("1", 3)):
        mine = found("engine")[rank]["gathered"]
        assert mine["rows"].tolist() == [[1.0, 1.0]] * 2 + [[2.0, 2.0]] * 3
        assert mine["gradient"].tolist() == [[3.0, 3.0]] * own  # 1 of rank 0 and 2 of rank 1
        assert mine["numbers"].tolist() == [0, 1, 10]
        assert mine["empty"].shape == (1, 3)
        assert mine["share"] == pytest.approx(own / 2.5)
    assert found("engine")["alone"]["gathered"]["share"] == 1.0


@pytest.mark.parametrize("rank", ["0", "1"])
def test_two_processes_learn_the_temperature_of_one(rank, found):
    mine, alone = (found("methods")[name]["clip"]["parts"]["logits.log_scale"] for name in (rank, "alone"))
    assert mine.item() == pytest.approx(alone.item(), rel=1e-6)


@pytest.mark.parametrize("name", ["alone", "0", "1"])
def test_the_loss_of_pairs_in_two_processes_is_that_of_the_whole_matrix(name, found):
    """Each process sums what both find of its rows, twice the gradient; the temperature's is averaged."""
    mine = found("engine")[name]["paired"]
    a, b = (torch.randn(ROWS, 5, generator=torch.Generator().manual_seed(i)) for i in (0, 1))
    a, b = (normalize(side, dim=1).requires_grad_() for side in (a, b))
    scale = torch.tensor(14.3, requires_grad=True)
    logits, partner = scale * a @ b.T, torch.arange(ROWS)
    loss = (cross_entropy(logits, partner) + cross_entropy(logits.T, partner)) / 2
    loss.backward()
    assert mine["loss"].item() == pytest.approx(loss.item(), rel=1e-6)
    assert mine["scale"].item() == pytest.approx(scale.grad.item(), rel=1e-6)
    for side, whole in (("a", a.grad), ("b", b.grad)):
        torch.testing.assert_close(mine[side], whole[mine["own"]], rtol=1e-5, atol=1e-6)
