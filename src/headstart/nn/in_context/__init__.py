"""Networks that read a training table and predict by it: learning in context."""
