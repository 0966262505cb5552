"""Checkpoints that a training goes on from exactly: files, random states, the place in the epoch."""
