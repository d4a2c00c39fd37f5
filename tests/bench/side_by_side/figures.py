"""What was measured: figures, and the table that shows them."""

from statistics import median


class Figures:
    """Rows of one table: a part, a subject, a program, a figure and its limit."""

    def __init__(self):
        self.rows = []
        self.notes = []

    def add(self, part, subject, program, value, unit, limit=None, text=None):
        """A figure. With a limit it holds when it is not above that."""
        holds = None if limit is None else value is not None and value <= limit
        self.rows.append(
            {
                "part": part,
                "subject": subject,
                "program": program,
                "value": None if value is None else round(value, 4),
                "unit": unit,
                "limit": limit,
                "holds": holds,
                "text": text,
            }
        )

    def note(self, text):
        self.notes.append(text)

    def all_hold(self):
        return all(row["holds"] is not False for row in self.rows)

    def document(self):
        return {"version": 1, "figures": self.rows, "notes": self.notes}

    def table(self):
        heads = ("part", "what", "program", "figure", "limit", "")
        lines = [heads]
        for row in self.rows:
            limit = "" if row["limit"] is None else f"{row['limit']:g} {row['unit']}"
            holds = {None: "", True: "holds", False: "FAILS"}[row["holds"]]
            lines.append(
                (row["part"], row["subject"], row["program"], shown(row), limit, holds)
            )
        widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in lines
        ]
        return "\n".join(text + [f"note: {note}" for note in self.notes])


def shown(row):
    value = "-" if row["value"] is None else f"{row['value']:.3g} {row['unit']}"
    return f"{value}  {row['text']}" if row["text"] else value


def in_turn(rounds, measures):
    """Runs every measure once a round, each round beginning with another one.
    Gives, for each name, the list of what it gave, a round a place."""
    names = list(measures)
    results = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(measures[name]())
    return results


def ratio(mine, base):
    """The median of the ratios, each taken within its round."""
    return median(one / other for one, other in zip(mine, base))
