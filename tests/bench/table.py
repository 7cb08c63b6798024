"""Tables of texts: in columns for a terminal, in Markdown for the README."""


def columns(heading, rows):
    """Lines with every column as wide as its widest cell; the first two to the left."""
    table = [list(map(str, row)) for row in [heading] + list(rows)]
    widths = [max(len(row[number]) for row in table) for number in range(len(heading))]

    def line(row):
        cells = [cell.ljust(width) if number < 2 else cell.rjust(width)
                 for number, (cell, width) in enumerate(zip(row, widths))]
        return "  ".join(cells).rstrip()

    return [line(table[0]), "-" * len(line(["x" * width for width in widths]))] + [
        line(row) for row in table[1:]]


def markdown(heading, rows):
    """Lines of a Markdown table."""
    table = [heading, ["---"] * len(heading)] + list(rows)
    return ["| %s |" % " | ".join(str(cell).replace("|", "\\|") for cell in row)
            for row in table]
