"""The commands: one file per verb, which reads its configuration or arguments, builds, runs and prints."""
