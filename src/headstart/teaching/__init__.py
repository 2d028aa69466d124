"""Floor 4: teach a classifier example by example, with leave-one-out accuracy after each change.

`session.TeachingSession` is what a person changes; `evidence` says how good the answers are, `store` keeps
the examples in a folder, and `finish` writes the model, the report and the archive of both.
"""
