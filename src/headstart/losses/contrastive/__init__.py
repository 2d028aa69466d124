"""Losses that compare embeddings of views, one idea a file.

Embeddings may have any precision and may come from autocast: all is computed in float32. Where rows of
several processes are compared, a loss gets those of all of them and says which rows it answers for.
"""
