"""What is recorded is what is computed: after a break, damage, another model, a full disk."""

import hashlib

import numpy as np
import pytest
import torch

from headstart.core import CacheRefused, CannotWrite
from headstart.run import cache as module
from headstart.run.cache import CHUNK, Cache, key_of

ROWS = 150  # two whole chunks and a short one


class Samples:
    """Row r in view v is a vector that says so; counts what is asked for."""

    content = "samples"

    def __init__(self, shape=(5,)):
        self.shape, self.asked = shape, []

    def fetch(self, rows, views):
        self.asked += list(zip(rows.tolist(), views.tolist(), strict=True))
        x = torch.from_numpy(rows * 10.0 + views).float()
        steps = torch.arange(1, 1 + int(np.prod(self.shape))).float().reshape(self.shape)
        return torch.sin(x.reshape(-1, *[1] * len(self.shape)) + steps)


def doubled(x):
    return 2 * x + 1


def made(folder, compute=doubled, shape=(5,), key="key", rows=ROWS, **how):
    return Cache(folder, Samples(shape), compute, key, rows, **how)


def filled(cache):
    return list(cache.fill())


def plain(rows):
    rows = np.asarray(rows)
    return rows, np.full(len(rows), -1)


def digest(folder):
    return {
        path.suffix: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.suffix in (".bin", ".json")
    }


def test_rows_come_back_in_the_order_asked_for(tmp_path):
    cache = made(tmp_path)
    assert filled(cache) == [64, 128, 150]
    ask = plain([149, 3, 3, 64, 0])
    assert torch.equal(cache.fetch(*ask), doubled(Samples().fetch(*ask)))
    assert cache.fetch(*ask).dtype == torch.float32


def test_it_fills_itself_when_it_is_asked_first(tmp_path):
    ask = plain([1, 2])
    assert torch.equal(made(tmp_path).fetch(*ask), doubled(Samples().fetch(*ask)))


def test_a_second_cache_of_the_same_key_computes_only_its_check(tmp_path):
    filled(made(tmp_path))
    again = made(tmp_path)
    assert filled(again) == []
    assert len(again.source.asked) == 8
    assert torch.equal(again.fetch(*plain([7])), made(tmp_path / "other").fetch(*plain([7])))


@pytest.mark.parametrize("stop", [1, 2])
def test_an_interrupted_fill_goes_on_and_ends_in_the_same_bytes(tmp_path, stop):
    filled(made(tmp_path / "straight"))
    half = made(tmp_path / "half")
    fill = half.fill()
    for _ in range(stop):
        next(fill)
    fill.close()
    again = made(tmp_path / "half")
    assert filled(again) == [64, 128, 150][stop:]
    assert min(row for row, _ in again.source.asked[:-8]) == stop * CHUNK
    assert digest(tmp_path / "half") == digest(tmp_path / "straight")


def test_a_chunk_that_was_written_but_not_listed_is_written_again(tmp_path):
    filled(made(tmp_path / "straight"))
    torn = made(tmp_path / "torn")
    next(torn.fill())
    with torn._data.open("ab") as file:
        file.write(b"half a chunk")
    filled(made(tmp_path / "torn"))
    assert digest(tmp_path / "torn") == digest(tmp_path / "straight")


@pytest.mark.parametrize("at", [0, 64 * 5 * 4 + 3, 150 * 5 * 4 - 1])
def test_a_flipped_byte_is_computed_anew(tmp_path, at):
    first = made(tmp_path)
    filled(first)
    good = digest(tmp_path)
    data = bytearray(first._data.read_bytes())
    data[at] ^= 1
    first._data.write_bytes(data)
    again = made(tmp_path)
    assert filled(again)[0] == min((at // (CHUNK * 20) + 1) * CHUNK, ROWS)
    assert digest(tmp_path) == good


@pytest.mark.parametrize("text", ["", "{", "[]", '{"chunks": 3}', '{"chunks": ["0"], "row": [5]}'])
def test_an_unreadable_index_starts_anew(tmp_path, text):
    first = made(tmp_path)
    filled(first)
    good = digest(tmp_path)
    first._index.write_text(text)
    assert filled(made(tmp_path)) == [64, 128, 150]
    assert digest(tmp_path) == good


def test_other_rows_under_the_same_key_are_not_taken_for_these(tmp_path):
    """The last chunk of 70 rows is short where that of 150 rows is not."""
    filled(made(tmp_path, rows=70))
    more = made(tmp_path, rows=150)
    ask = plain(range(150))
    assert torch.equal(more.fetch(*ask), doubled(Samples().fetch(*ask)))
    fewer = made(tmp_path, rows=10)
    assert torch.equal(fewer.fetch(*plain(range(10))), doubled(Samples().fetch(*plain(range(10)))))
    assert fewer._data.stat().st_size == 10 * 5 * 4


WEIGHTS = {
    "a": torch.arange(6.0).reshape(2, 3),
    "count": torch.tensor(3),
    "half": torch.ones(2, dtype=torch.bfloat16),
    "mask": torch.tensor([True, False]),
    "none": torch.zeros(0),
}


def test_the_key_changes_with_any_byte_of_any_weight():
    keys = {key_of(WEIGHTS)}
    for name, value in WEIGHTS.items():
        for at in range(value.numel()):
            other = value.clone()
            bits = other.reshape(-1).view(torch.uint8)
            bits[at * value.element_size()] ^= 1
            keys.add(key_of(WEIGHTS | {name: other}))
    assert len(keys) == 1 + 6 + 1 + 2 + 2


def test_the_key_changes_with_names_shapes_types_and_words_and_with_nothing_else():
    base = key_of(WEIGHTS, "boundary", "data")
    others = [
        key_of(WEIGHTS, "boundary", "other"),
        key_of(WEIGHTS, "boundarydata"),
        key_of(WEIGHTS, "data", "boundary"),
        key_of({**WEIGHTS, "a": WEIGHTS["a"].T.contiguous().reshape(3, 2)}, "boundary", "data"),
        key_of({**WEIGHTS, "a": WEIGHTS["a"].reshape(3, 2)}, "boundary", "data"),
        key_of({**WEIGHTS, "count": torch.tensor(3.0)}, "boundary", "data"),
        key_of({"b" if k == "a" else k: v for k, v in WEIGHTS.items()}, "boundary", "data"),
    ]
    assert len({base, *others}) == 1 + len(others)
    turned = dict(reversed(WEIGHTS.items()))
    strided = {**turned, "a": WEIGHTS["a"].T.contiguous().T}
    assert key_of(strided, "boundary", "data") == base


@pytest.mark.parametrize("dtype", ["float32", "bf16"])
def test_what_does_not_fit_any_more_is_refused(tmp_path, dtype):
    """The same key, but another result: something outside the weights and the data has changed."""
    filled(made(tmp_path, dtype=dtype))
    changed = made(tmp_path, lambda x: 2 * x + 1.2, dtype=dtype)
    with pytest.raises(CacheRefused, match=r"up to 0\.2.*Delete the file"):
        filled(changed)
    with pytest.raises(CacheRefused):
        changed.fetch(*plain([0]))
    broken = made(tmp_path, lambda x: x * torch.nan, dtype=dtype)
    with pytest.raises(CacheRefused):
        filled(broken)


def test_what_is_not_the_same_twice_is_refused(tmp_path):
    draw = torch.Generator().manual_seed(0)
    with pytest.raises(CacheRefused):
        filled(made(tmp_path, lambda x: x + torch.randn(x.shape, generator=draw)))


def test_bf16_takes_half_the_room_within_its_error(tmp_path):
    exact, half = made(tmp_path), made(tmp_path, dtype="bf16")
    ask = plain(range(ROWS))
    a, b = exact.fetch(*ask), half.fetch(*ask)
    assert b.dtype == torch.float32
    assert half._data.stat().st_size * 2 == exact._data.stat().st_size
    assert 0 < (a - b).abs().max() <= a.abs().max() * 2**-8
    torch.testing.assert_close(a, b, rtol=2**-8, atol=0)


def test_views_are_recorded_one_after_the_other(tmp_path):
    cache = made(tmp_path, views=3)
    assert filled(cache)[-1] == 3 * ROWS
    rows, views = np.array([0, 149, 7]), np.array([2, 0, 1])
    assert torch.equal(cache.fetch(rows, views), doubled(Samples().fetch(rows, views)))
    assert cache._data != made(tmp_path)._data
    with pytest.raises(ValueError, match="views=0"):
        cache.fetch(*plain([0]))
    assert {view for _, view in cache.source.asked} == {0, 1, 2}


def test_pictures_lie_channels_last(tmp_path):
    cache = made(tmp_path, shape=(3, 4, 2))
    found = cache.fetch(*plain([5, 100]))
    assert found.shape == (2, 3, 4, 2)
    assert torch.equal(found, doubled(Samples((3, 4, 2)).fetch(*plain([5, 100]))))
    assert found.is_contiguous(memory_format=torch.channels_last)
    first = np.fromfile(cache._data, np.float32, 24).reshape(4, 2, 3)
    np.testing.assert_array_equal(first, doubled(Samples((3, 4, 2)).fetch(*plain([0])))[0].permute(1, 2, 0))


@pytest.mark.parametrize("dtype", ["float32", "bf16"])
def test_sequences_keep_their_shape(tmp_path, dtype):
    cache = made(tmp_path, shape=(7, 2), dtype=dtype)
    assert cache.fetch(*plain([1])).shape == (1, 7, 2)


def test_a_full_disk_is_said_and_what_was_recorded_is_kept(tmp_path):
    """The system refuses to write beyond the first chunk; when there is room again it goes on."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = CHUNK * 5000 * 4
    cache, done = made(tmp_path, shape=(5000,)), []
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, limits[1]))
    try:
        with pytest.raises(CannotWrite, match=r"Free some space.*what was recorded is kept"):
            done.extend(cache.fill())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert done == [64]
    assert filled(made(tmp_path, shape=(5000,))) == [128, 150]


def test_a_folder_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="Can't write the cache"):
        filled(made(tmp_path / "file"))


def test_an_index_that_can_not_be_written_is_said(tmp_path, monkeypatch):
    def full(path, data):
        raise CannotWrite(f"Can't write {path}")

    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.raises(CannotWrite):
        filled(made(tmp_path))


def test_what_it_is_made_of_is_in_its_content(tmp_path):
    caches = [
        made(tmp_path),
        made(tmp_path, key="other"),
        made(tmp_path, views=2),
        made(tmp_path, dtype="bf16"),
    ]
    assert len({cache.content for cache in caches}) == len({cache._data for cache in caches}) == 4
