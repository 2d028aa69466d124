"""Losses between a student and a teacher, one idea a file.

Inputs may have any precision and may come from autocast: all is computed in float32, or in float64 for
float64 inputs. No gradient goes to what the teacher gave.
"""
