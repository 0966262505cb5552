"""Detectors for inference only: the same function, with layers joined and weights laid out for the processor."""
