"""Trying things: a learning rate, overfitting, profiles."""
