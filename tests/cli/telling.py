"""What a good refusal looks like."""


def refused(said, code, *words):
    """The exit code, the words in the message, and nothing that only a programmer would read."""
    assert said.code == code, said
    for word in words:
        assert str(word) in said.err, (word, said.err)
    assert "Traceback" not in said.err
    assert said.out == ""
    return True


def untouched(folder):
    return not folder.exists() or not any(folder.iterdir())
