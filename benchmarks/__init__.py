"""Comparisons with other programs, each measured in one run; not part of the package."""
