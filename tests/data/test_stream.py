import itertools
import threading
import time
from collections import Counter

import numpy as np
import pytest
import torch
from tests.data.painting import class_folders

import headstart.data as data
from headstart.core import BadData, BadInput, Preprocess
from headstart.data import sources
from headstart.data.decode import prepare
from headstart.data.stream import Arrays, Pictures, ahead, labelled, once, order

SMALL = Preprocess((24, 24))
PLAIN = np.full(4, -1)


@pytest.fixture
def folder(tmp_path):
    return class_folders(tmp_path, cat=3, dog=4)


def numbers(n=10):
    return data.load((np.arange(n * 2.0).reshape(n, 2), np.arange(n) % 2))


def same(a, b):
    return torch.equal(a.x, b.x) and torch.equal(a.y, b.y)


def take(stream, step, count):
    return list(itertools.islice(stream(step), count))


@pytest.mark.parametrize(("n", "batch"), [(10, 3), (7, 7), (3, 10), (1, 4), (50, 1)])
def test_every_epoch_holds_every_position_once(n, batch):
    steps = 4 * n  # whole epochs
    drawn = [order(3, n, batch, step) for step in range(steps)]
    positions = np.concatenate([p for p, _ in drawn])
    epochs = np.concatenate([e for _, e in drawn])
    assert all(len(p) == batch for p, _ in drawn)
    assert (np.diff(epochs) >= 0).all()
    assert Counter(zip(epochs.tolist(), positions.tolist(), strict=True)) == dict.fromkeys(
        itertools.product(range(4 * batch), range(n)), 1
    )


def test_epochs_differ_and_follow_the_seed():
    whole = [order(0, 50, 50, step)[0].tolist() for step in range(3)]
    assert whole[0] != whole[1] != whole[2] != whole[0]
    assert order(0, 50, 50, 1)[0].tolist() == whole[1]
    assert order(1, 50, 50, 0)[0].tolist() != whole[0]
    # fixed for ever: a stopped run may be resumed by a later version
    assert order(0, 8, 8, 0)[0].tolist() == [4, 0, 7, 3, 6, 5, 1, 2]
    for wrong in ((0, 1, 0), (1, 0, 0), (1, 1, -1)):
        with pytest.raises(BadInput):
            order(0, *wrong)


@pytest.mark.parametrize("wrap", [ahead, lambda stream: stream])
def test_a_resumed_stream_goes_on_as_if_never_stopped(folder, wrap):
    found = data.load(folder)
    rows = np.array([0, 2, 3, 5, 6])

    def stream():
        source = Pictures(found, SMALL, data.Augment(), seed=5)
        return wrap(labelled(source, found.labels, rows, 3, seed=1))

    whole = take(stream(), 0, 9)
    resumed = take(stream(), 4, 5)
    assert all(same(a, b) for a, b in zip(whole[4:], resumed, strict=True))
    assert whole[0].x.shape == (3, 3, 24, 24)
    assert whole[0].y.dtype == torch.int64
    assert not same(whole[0], whole[5])


def test_labels_and_rows_stay_together():
    found = numbers()
    rows = np.array([1, 4, 5, 8])
    for batch in take(labelled(Arrays(found), found.labels, rows, 3, 0), 0, 8):
        row = (batch.x[:, 0] / 2).long()
        assert set(row.tolist()) <= set(rows.tolist())
        assert torch.equal(batch.y, row % 2)
        assert batch.x.dtype == torch.float32


def test_views_are_numbered_by_epoch():
    seen = []

    class Spy:
        content = "spy"

        def fetch(self, rows, views):
            seen.append(views.tolist())
            return torch.zeros(len(rows), 1)

    for views in (None, 3, 0):
        take(labelled(Spy(), np.zeros(2), [0, 1], 2, 0, views), 0, 5)
    assert [v[0] for v in seen] == [0, 1, 2, 3, 4, 0, 1, 2, 0, 1, -1, -1, -1, -1, -1]


def test_one_pass_in_order():
    found = numbers()
    rows = [9, 3, 4, 0, 7]
    batches = list(once(Arrays(found), found.labels, rows, 2)(0))
    assert [len(b) for b in batches] == [2, 2, 1]
    assert torch.cat([b.x[:, 0] / 2 for b in batches]).tolist() == rows
    assert torch.cat([b.y for b in batches]).tolist() == [1, 1, 0, 0, 1]
    assert same(next(once(Arrays(found), found.labels, rows, 2)(2)), batches[2])
    assert list(once(Arrays(found), found.labels, [], 2)(0)) == []


def test_streams_of_nothing_are_refused():
    found = numbers()
    with pytest.raises(BadInput):
        labelled(Arrays(found), found.labels, [], 2, 0)
    with pytest.raises(BadInput):
        once(Arrays(found), found.labels, [1], 0)


def test_plain_pictures_are_what_prepare_gives(folder):
    found = data.load(folder)
    rows = np.array([4, 1, 1, 0])
    x = Pictures(found, SMALL).fetch(rows, PLAIN)
    want = torch.stack([prepare(found.picture(row), SMALL) for row in rows])
    assert torch.equal(x, want)
    assert x.dtype == torch.uint8
    assert x.is_contiguous(memory_format=torch.channels_last)


def test_plain_and_random_views_may_be_mixed(folder):
    found = data.load(folder)
    source = Pictures(found, SMALL, data.Augment(), seed=2)
    rows, views = np.array([0, 1, 2, 3]), np.array([0, -1, 4, -1])
    mixed = source.fetch(rows, views)
    for i in range(4):
        assert torch.equal(mixed[i], source.fetch(rows[i : i + 1], views[i : i + 1])[0])
    assert torch.equal(mixed[[1, 3]], Pictures(found, SMALL).fetch(np.array([1, 3]), PLAIN[:2]))
    assert not torch.equal(mixed, source.fetch(rows, views + 1))
    other = Pictures(found, SMALL, data.Augment(), seed=3).fetch(rows, views)
    assert not torch.equal(mixed[0], other[0])
    assert torch.equal(mixed[1], other[1])
    nothing = data.Augment((1, 1), (1, 1), flip=False)
    assert torch.equal(
        Pictures(found, SMALL, nothing).fetch(rows, views), Pictures(found, SMALL).fetch(rows, views)
    )


def test_pictures_are_kept_up_to_the_limit(folder, monkeypatch):
    found = data.load(folder)
    decoded = Counter()

    def counting(raw, preprocess, margin, name):
        decoded[name] += 1
        return prepare(raw, preprocess, margin, name)

    monkeypatch.setattr(sources, "prepare", counting)
    room = 3 * 24 * 24 * 2  # two pictures
    source = Pictures(found, SMALL, memory=room)
    first = [source.fetch(np.arange(4), PLAIN) for _ in range(3)]
    assert sorted(decoded.values()) == [1, 1, 3, 3]
    assert torch.equal(first[0], first[2])
    first[0].zero_()  # what was handed out is not what is kept
    assert torch.equal(source.fetch(np.arange(4), PLAIN), first[2])


def test_a_file_that_vanishes_is_named(folder):
    found = data.load(folder)
    source = Pictures(found, SMALL, memory=0)
    source.fetch(np.arange(4), PLAIN)
    (folder / "cat" / "2.png").unlink()
    for stream in (labelled(source, found.labels, np.arange(7), 7, 0), once(source, [0] * 7, [2], 1)):
        with pytest.raises(BadData, match=r"cat/2\.png can't be read: No such file"):
            next(ahead(stream)(0))


def test_sources_say_what_they_are(folder):
    found = data.load(folder)
    augment = data.Augment()
    contents = [
        Pictures(found, SMALL).content,
        Pictures(found, Preprocess((24, 25))).content,
        Pictures(found, Preprocess((24, 24), fit="pad")).content,
        Pictures(found.subset([0, 1]), SMALL).content,
        Pictures(found, SMALL, augment, seed=0).content,
        Pictures(found, SMALL, augment, seed=1).content,
        Pictures(found, SMALL, data.Augment(flip=False), seed=0).content,
        Arrays(numbers()).content,
    ]
    assert len(set(contents)) == len(contents)
    assert Pictures(data.load(folder), SMALL, seed=9, memory=0).content == contents[0]
    assert Pictures(found, SMALL).shape == (3, 24, 24)
    assert Arrays(numbers()).shape == (2,)
    with pytest.raises(BadInput, match="Arrays"):
        Pictures(numbers(), SMALL)
    with pytest.raises(BadInput, match="Pictures"):
        Arrays(found)


def test_arrays_are_copied():
    x = np.arange(8.0).reshape(4, 2)
    fetched = Arrays(data.load((x, [0, 1, 0, 1]))).fetch(np.arange(4), PLAIN)
    fetched.zero_()
    assert x[3, 1] == 7


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("headstart")]


def counting(made, stop=None):
    def stream(step):
        for number in itertools.count(step):
            if number == stop:
                raise BadData("the seventh")
            made.append(number)
            yield number

    return stream


def test_ahead_works_ahead_but_not_far():
    made = []
    batches = ahead(counting(made), depth=2)(5)
    assert made == []
    assert next(batches) == 5
    time.sleep(0.1)
    assert made == [5, 6, 7]
    assert [next(batches) for _ in range(3)] == [6, 7, 8]
    assert len(workers()) == 1
    batches.close()
    assert workers() == []


def test_closing_drops_what_has_not_begun():
    made = []

    def slow(step):
        for number in itertools.count(step):
            time.sleep(0.05)
            made.append(number)
            yield number

    batches = ahead(slow, depth=5)(0)
    next(batches)
    batches.close()
    assert len(made) <= 3


def test_ahead_hands_over_errors_and_ends_its_thread():
    batches = ahead(counting([], stop=7))(5)
    assert [next(batches), next(batches)] == [5, 6]
    with pytest.raises(BadData, match="the seventh"):
        next(batches)
    assert workers() == []
    assert list(ahead(lambda step: iter(range(step, 9)))(5)) == [5, 6, 7, 8]
    assert workers() == []


def test_ahead_ends_with_its_consumer():
    def interrupted():
        for number in ahead(counting([]))(0):
            if number == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert workers() == []
    batches = ahead(counting([]))(0)
    next(batches)
    del batches
    assert workers() == []
