"""Model surgery: copy a model with a part replaced, and report the changes.

Every operation copies first, changes the copy, runs it once, and only then returns it. It raises on any
error, and never writes to the caller's model.
"""
