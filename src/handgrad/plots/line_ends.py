"""Names at the ends of lines, in place of a legend."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from handgrad.plots.style import GREY, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

APART = 11
"""Points from one name to the next, at least."""


def label_ends(axes: "Axes", lines: Mapping[str, "Line2D"]) -> None:
    """Write each line's name beside the axes, at the height of its end, or as near as the others let it.

    Parameters
    ----------
    axes : matplotlib Axes
        With all lines drawn, and their scale set.
    lines : mapping of names to matplotlib lines
    """
    from matplotlib.lines import Line2D

    axes.autoscale_view()
    low, high = axes.get_window_extent().intervaly
    apart = min(APART * axes.figure.dpi / 72 / (high - low), 1 / max(1, len(lines) - 1))
    to_share = axes.transData + axes.transAxes.inverted()
    ends = []
    for name, line in lines.items():
        x, y = (float(value) for value in np.asarray(line.get_xydata())[-1])
        ends.append((min(1.0, max(0.0, float(to_share.transform((x, y))[1]))), name, x, y))
    ends.sort(key=lambda end: end[0])
    for height, (_, name, x, y) in zip(spread([end[0] for end in ends], apart), ends, strict=True):
        sample = Line2D([1.03, 1.09], [height, height], transform=axes.transAxes, clip_on=False)
        sample.update_from(lines[name])
        sample.set(transform=axes.transAxes, clip_on=False, markevery=[1], label="_sample")
        axes.add_artist(sample)
        axes.annotate(
            "",
            (x, y),
            xytext=(1.03, height),
            textcoords="axes fraction",
            annotation_clip=False,
            zorder=1,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
        )
        axes.text(1.11, height, shortened(name), transform=axes.transAxes, va="center", parse_math=False)


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """Move ascending heights from 0 to 1 as little as it takes to be `apart` from each other.

    Heights that are too near become a block about their mean, and blocks that touch become one.
    """
    blocks: list[list[float]] = []
    for height in heights:
        blocks.append([height])
        while len(blocks) > 1 and _lowest(blocks[-1], apart) < _highest(blocks[-2], apart) + apart:
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [_lowest(block, apart) + index * apart for block in blocks for index in range(len(block))]


def _lowest(block: list[float], apart: float) -> float:
    height = (len(block) - 1) * apart
    return min(max(sum(block) / len(block) - height / 2, 0), max(0, 1 - height))


def _highest(block: list[float], apart: float) -> float:
    return _lowest(block, apart) + (len(block) - 1) * apart
