"""`headstart stream --resume`: an interrupted stream goes on from its last part, to the same bytes."""

import pytest
import torch
from tests.study import tiny

from headstart.core.tensor_file import read_tensors
from headstart.studies.stream.prequential import PrequentialEvaluation

HOW = ("--batch", 5, "--method", "tent:lr=0.01", "--no-protect", "--labels", "--json", "--shuffle")


class Stopped(RuntimeError):
    """As if the machine had gone off."""


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return tiny.folders(tmp_path_factory.mktemp("new") / "shapes", each=8)


@pytest.fixture
def count(monkeypatch):
    """`count(most)`: batches that are computed from now on, of which there may be so many."""
    add = PrequentialEvaluation.add

    def start(most=99):
        seen = []

        def counted(self, x, numbers):
            if len(seen) == most:
                raise Stopped
            seen.append(len(x))
            return add(self, x, numbers)

        monkeypatch.setattr(PrequentialEvaluation, "add", counted)
        return seen

    return start


@pytest.mark.parametrize("stop", [1, 3])
def test_it_goes_on_from_the_last_part_and_ends_in_the_same_bytes(
    headstart, finished, new, tmp_path, count, stop
):
    state, other = tmp_path / "state", tmp_path / "other"
    whole = headstart("stream", finished, new, *HOW, "--out", tmp_path / "whole", "--save", state)
    assert whole.code == 0, whole.err
    out = tmp_path / "out"
    count(stop)
    with pytest.raises(Stopped):
        headstart("stream", finished, new, *HOW, "--out", out, "--save", other)
    assert len([*out.glob("steps/state-*.checkpoint")]) == 2  # of TENT and Norm, after the last part alone
    seen = count()
    resumed = headstart("stream", finished, new, *HOW, "--out", out, "--save", other, "--resume")
    assert resumed.code == 0, resumed.err
    assert seen == [5, 5, 5, 5, 4][stop:]
    assert resumed.out.replace(str(out), str(tmp_path / "whole")).replace(str(other), str(state)) == whole.out
    (tensors, about), (wanted, said) = read_tensors(other), read_tensors(state)
    assert about == said  # in a file of safetensors they stand in any order
    assert all(torch.equal(tensors[name], value) for name, value in wanted.items())
    assert tensors.keys() == wanted.keys()
    assert not (out / "steps").exists()


def test_without_the_states_it_begins_anew(headstart, finished, new, tmp_path, count):
    out = tmp_path / "out"
    count(2)
    with pytest.raises(Stopped):
        headstart("stream", finished, new, *HOW, "--out", out)
    next(out.glob("steps/state-*.checkpoint")).unlink()
    seen = count()
    assert headstart("stream", finished, new, *HOW, "--out", out, "--resume").code == 0
    assert seen == [5, 5, 5, 5, 4]
