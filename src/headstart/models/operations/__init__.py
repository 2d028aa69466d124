"""Surgery: a copy of a model with a part replaced, and a report of what was.

Every operation copies first, changes the copy, runs it once, and only then gives it back. If anything
is wrong it raises, and the caller's model has been read but never written to.
"""
