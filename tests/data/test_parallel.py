"""A parallel map keeps the order and says how many of its results are there."""

import pytest

from headstart.data.parallel import parallel_map


@pytest.mark.parametrize("threads", [1, 3])
def test_each_result_is_counted_from_the_calling_thread(threads):
    counted: list[int] = []
    squares = parallel_map(lambda k: k * k, range(5), threads, done=counted.append)
    assert squares == [0, 1, 4, 9, 16]
    assert counted == [1] * 5


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_exception_is_raised(threads):
    def refuse(k: int) -> int:
        if k == 2:
            raise ValueError("two")
        return k

    counted: list[int] = []
    with pytest.raises(ValueError, match="two"):
        parallel_map(refuse, range(5), threads, done=counted.append)
    assert counted == [1, 1]
