"""Prints tables on narrow terminals: nothing is cut; columns wrap at words, and what is wider comes in several blocks.

Rich shortens cells and heads with an ellipsis, or breaks names in the middle, if a table is wider than the terminal.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

PROSE = 24
"""Longest word of a text column that is not broken, such as a path."""
LEAST_TEXT = 12
"""Least width of a text column."""


def print_table(console: Console, table: Table) -> None:
    """Print a table so that every head and cell can be read at the console's width.

    Args:
        console: Where to print.
        table: Columns that are justified to the right hold numbers; leading columns that are not name the rows.
    """
    first, *others = fitted(table, console.width)
    title = _plain(table.title or "")
    if title.plain and cell_len(title.plain) > console.measure(first).maximum:  # it would be broken
        console.print(title, style="italic", soft_wrap=True)
        first.title = None
    for part in (first, *others):
        console.print(part)


def fitted(table: Table, width: int) -> list[Table]:
    """Return a table as one or several tables that are not wider than a terminal.

    Args:
        table: The table, see `print_table`.
        width: Width of the terminal in characters.

    Returns:
        The table itself if it fits; else one with columns that wrap at words, blocks of columns that repeat the names
        of the rows, or a list of rows.
    """
    natural = [_natural(column) for column in table.columns]
    if _total(table, natural) <= width:
        return [table]
    labels = _labels(table)
    least = [min(natural[i], _least(column, i in labels)) for i, column in enumerate(table.columns)]
    if _total(table, [least[i] for i in labels]) + LEAST_TEXT > width:  # names of rows that leave no room wrap, too
        least = [min(least[i], _longest_word(column)) for i, column in enumerate(table.columns)]
    if _total(table, least) <= width:
        return [_part(table, range(len(natural)), _widened(table, least, natural, width), width)]
    others = [i for i in range(len(natural)) if i not in labels]
    if sum(table.columns[i].justify != "right" for i in others) > 1:
        return [_as_list(table)]
    parts = []
    for group in _groups(table, labels, others, least, width):
        chosen = [*labels, *group]
        widths = _widened(table, [least[i] for i in chosen], [natural[i] for i in chosen], width)
        parts.append(_part(table, chosen, widths, width))
    for part in parts[1:]:
        part.title = None
    for part in parts[:-1]:
        part.caption = None
    return parts


def _labels(table: Table) -> list[int]:
    """Return the places of the columns that name the rows."""
    right = [column.justify == "right" for column in table.columns]
    return list(range(max(1, right.index(True)))) if True in right else [0]


def _texts(column: Column) -> list[Text]:
    """Return the head and the cells of a column without markup."""
    return [_plain(one) for one in (column.header, *column.cells)]


def _plain(cell: object) -> Text:
    return cell if isinstance(cell, Text) else Text.from_markup(str(cell))


def _natural(column: Column) -> int:
    return max((cell_len(line) for text in _texts(column) for line in text.plain.split("\n")), default=1)


def _longest_word(column: Column) -> int:
    return max((cell_len(word) for text in _texts(column) for word in text.plain.split()), default=1)


def _least(column: Column, label: bool) -> int:
    """Return the width down to which a column may shrink."""
    if label:
        return _natural(column)
    if column.justify == "right":  # numbers stay whole, heads wrap at words
        head, *cells = _texts(column)
        words = [cell_len(word) for word in head.plain.split()]
        return max([1, *words, *(cell_len(cell.plain) for cell in cells)])
    return max(LEAST_TEXT, min(PROSE, _longest_word(column)))


def _total(table: Table, widths: Sequence[int]) -> int:
    """Return the width of a table whose columns have these widths."""
    return sum(widths) + (3 * len(widths) + 1 if table.box else 2 * len(widths))


def _widened(table: Table, widths: Sequence[int], natural: Sequence[int], width: int) -> list[int]:
    """Share the room that is left among the columns that lack most."""
    grown = list(widths)
    for _ in range(max(0, width - _total(table, grown))):
        place = max(range(len(grown)), key=lambda i: natural[i] - grown[i])
        if natural[place] <= grown[place]:
            break
        grown[place] += 1
    return grown


def _groups(
    table: Table, labels: Sequence[int], others: Sequence[int], least: Sequence[int], width: int
) -> list[list[int]]:
    """Share columns among blocks, about evenly."""
    groups: list[list[int]] = [[]]
    for place in others:
        if groups[-1] and _total(table, [least[i] for i in (*labels, *groups[-1], place)]) > width:
            groups.append([])
        groups[-1].append(place)
    size = -(-len(others) // len(groups))
    even = [list(others[start : start + size]) for start in range(0, len(others), size)]
    fits = all(_total(table, [least[i] for i in (*labels, *group)]) <= width for group in even)
    return even if fits else groups


def _part(table: Table, places: Sequence[int], widths: Sequence[int], width: int) -> Table:
    """Return a table with some columns of another in given widths."""
    made = Table(
        box=table.box,
        title=table.title,
        caption=table.caption,
        title_justify=table.title_justify,
        caption_justify=table.caption_justify,
        header_style=table.header_style,
        show_header=table.show_header,
        pad_edge=table.pad_edge,
    )
    over = max(0, _total(table, widths) - width)
    for position, (place, size) in enumerate(zip(places, widths, strict=True)):
        column = table.columns[place]
        size = max(1, size - over) if position == 0 else size  # nothing else is left: the names of rows are folded
        made.add_column(column.header, justify=column.justify, style=column.style, width=size, overflow="fold")
    cells = [list(table.columns[place].cells) for place in places]
    for number, row in enumerate(table.rows):
        shown = [column[number] for column in cells]
        made.add_row(*shown, style=row.style, end_section=row.end_section)
    return made


def _as_list(table: Table) -> Table:
    """Return a table with a line for each cell, beside its head; the first cells of the rows stand out."""
    heads = [_plain(column.header).plain for column in table.columns]
    made = Table.grid(padding=(0, 2, 0, 0))
    made.title, made.title_justify, made.caption = table.title, table.title_justify, table.caption
    made.add_column(overflow="fold")
    made.add_column(overflow="fold")
    cells = [list(column.cells) for column in table.columns]
    for number in range(len(table.rows)):
        for place in range(len(table.columns)):
            cell = _plain(cells[place][number])
            if place == 0:
                made.add_row(Text(heads[0], style="dim"), Text.assemble(cell, style="bold"))
            elif cell.plain:
                made.add_row(Text(f"  {heads[place]}", style="dim"), cell)
    return made
