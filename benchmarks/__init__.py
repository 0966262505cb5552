"""Comparisons with other programs, side by side in one run; they are not part of the package."""
