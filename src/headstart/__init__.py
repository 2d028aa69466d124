"""headstart: a model that knows something and a little data of yours become your model."""

__version__ = "0.1.0.dev0"
