"""The entries of the commands that Hydra configures: what was typed is checked here; torch loads with the job."""

from yowo.commands.quick_start import quick_yaml

quick_yaml()
