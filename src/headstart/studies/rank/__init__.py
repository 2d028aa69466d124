"""Which of several backbones serves a task best."""
