"""What a training logs: steps, figures, pictures, the review in Weights & Biases, logs that go on."""
