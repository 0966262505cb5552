"""What ends a training that goes wrong: numbers that are not finite, loaders that hang, processes that fail."""
