"""The commands: a file a verb, which reads its configuration or arguments, builds, runs and prints."""
