"""A user's own data: the project folder, its annotation table, its split and classes, and checks before training."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "checks": ["check_project"],
        "findings": ["Finding", "ProjectReport"],
        "opened": ["OpenedProject", "open_project"],
        "people": ["People", "people_of", "suggested_size"],
        "project": ["Facts", "check_layout"],
        "split_choice": ["choose_held_out"],
        "table": ["Extent", "TableRow", "read_table", "write_table"],
    },
)
