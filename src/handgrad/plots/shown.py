"""Axes that a notebook shows; apart, since this file cannot be imported without matplotlib."""

from io import BytesIO

from matplotlib.axes import Axes


class ShownAxes(Axes):
    """Axes of a figure that pyplot does not know, and so would not show."""

    def _repr_png_(self) -> bytes:
        """Draw the figure for IPython."""
        buffer = BytesIO()
        self.figure.figure.savefig(buffer, format="png")
        return buffer.getvalue()
