"""What a good refusal looks like, and what is said of a folder that was not named."""

import re


def refused(said, code, *words):
    """The exit code, the words in the message, and nothing that only a programmer would read."""
    assert said.code == code, said
    for word in words:
        assert str(word) in said.err, (word, said.err)
    assert "Traceback" not in said.err
    assert said.out == ""
    return True


def kept_in_runs(said, study):
    """All went well, and beside what was asked for only the dated folder is named."""
    assert said.code == 0, said
    assert re.fullmatch(rf"Page and record: runs/{study}-[\d-]+\n", said.err), said.err
    return True


def untouched(folder):
    return not folder.exists() or not any(folder.iterdir())
