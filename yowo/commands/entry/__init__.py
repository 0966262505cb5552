"""The entries of the commands that Hydra configures: what was typed is checked here; torch loads with the job."""
