"""Distillation: a student learns what a teacher says, beside labels or without any."""
