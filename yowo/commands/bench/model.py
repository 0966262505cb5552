"""`yowo bench model`: frames per second of networks, measured in one run."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from yowo.progress import working
from yowo.reports.narrow_tables import print_table

HELP = """yowo bench model: frames per second of networks: forward pass and post-processing, one clip at a time

  yowo bench model model=yowo_nano dataset=ucf24
  yowo bench model -m model=yowo,yowo_plus,yowo_nano dataset=ucf24,ava

It takes the overrides of yowo train. It measures on the GPU if there is one, else on the CPU. The last column is what
training adds for its label assignment: milliseconds a clip, in a batch of 8 clips with 5 to 10 people each."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench model`.

    Raises:
        ConfigError: An override is invalid.
    """
    console = Console()
    if any(argument in ("-h", "--help") for argument in arguments):
        console.print(HELP, highlight=False)
        return
    from yowo.commands.hydra_app import jobs

    configs = jobs("bench model", arguments)
    import torch  # what was typed is checked before it loads

    from yowo.config.build import build_detector, image_size
    from yowo.inference.speed import assignment_seconds, frames_per_second

    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    table = Table("network", title=f"frames per second on {name}")
    table.add_column("FPS", justify="right")
    table.add_column("relative to the first", justify="right")
    table.add_column("assignment, ms", justify="right")
    first = None
    for config in configs:
        words = f"{config.model.name}, {config.dataset.name}, K = {config.dataset.clip_len}"
        detector = build_detector(config)
        shape = (config.dataset.clip_len, image_size(config))
        with working(f"measuring {words}"):
            rate = frames_per_second(detector, detector.postprocess, *shape, device=device)
            assignment = assignment_seconds(detector, *shape, device=device)
        first = rate if first is None else first
        table.add_row(words, f"{rate:.2f}", f"{rate / first:.2f}", f"{1000 * assignment:.1f}")
    print_table(console, table)
