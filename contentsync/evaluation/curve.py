"""The learning curve as an SVG picture, for light and dark pages. Pure."""

from collections.abc import Mapping, Sequence
from html import escape

from contentsync.evaluation.ranking import PRODUCT, Point
from contentsync.evaluation.tables import SHORT_TITLES

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 588, 56, 340
"""Edges of the plot inside the picture, in its units."""
STEP = 0.05
"""Of AUC between two lines of the grid."""
LABEL_HEIGHT = 17
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #444b55 }
  .title { font-size: 15px; font-weight: 600; fill: #1b1f24 }
  .page { fill: #ffffff }
  .grid { stroke: #d9dde3; stroke-width: 1 }
  .line { fill: none; stroke-width: 2; stroke: var(--ink) }
  .dot { fill: var(--ink) }
  .name { fill: var(--ink) }
  .product { --ink: #0b62d6 } .product .line { stroke-width: 3.5 } .product .name { font-weight: 600 }
  .rocchio { --ink: #a34a00 } .logistic { --ink: #7a3fb5 } .tfidf { --ink: #2b7a3d } .bm25 { --ink: #6b7280 }
  @media (prefers-color-scheme: dark) {
    text { fill: #b4bcc8 } .title { fill: #eef1f5 } .page { fill: #0d1117 } .grid { stroke: #2c333d }
    .product { --ink: #6cb1ff } .rocchio { --ink: #f0a35e } .logistic { --ink: #c9a1f5 } .tfidf { --ink: #6fd08c }
    .bm25 { --ink: #9aa3af }
  }
"""


def draw_curve(points: Sequence[Point]) -> str:
    """The AUC of each method over the number of signals; the points are evenly spaced."""
    names = [name for name in SHORT_TITLES if name in points[0].auc]
    values = [point.auc[name] for point in points for name in names]
    low = min(0.5, STEP * int(min(values) / STEP))
    high = STEP * (int(max(values) / STEP) + 1)

    def across(place: int) -> float:
        return LEFT + (RIGHT - LEFT) * place / max(1, len(points) - 1)

    def up(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'role="img" aria-label="How well items are ranked after so many signals">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        f'<text class="title" x="{LEFT}" y="30">How well items are ranked (AUC) after so many signals</text>',
    ]
    for number in range(round((high - low) / STEP) + 1):
        value = low + number * STEP
        parts.append(f'<path class="grid" d="M{LEFT} {up(value):.1f}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for place, point in enumerate(points):
        x = f"{across(place):.1f}"
        parts.append(f'<text x="{x}" y="{BOTTOM + 22}" text-anchor="middle">{point.signals}</text>')
        parts.append(f'<text x="{x}" y="{BOTTOM + 40}" text-anchor="middle">{point.people} people</text>')
    heights = _spread({name: up(points[-1].auc[name]) for name in names})
    for name in reversed(names):  # the product is drawn last, over the others
        spots = [(across(place), up(point.auc[name])) for place, point in enumerate(points)]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in spots)
        label = f'<text class="name" x="{RIGHT + 14}" y="{heights[name] + 4:.1f}">{escape(SHORT_TITLES[name])}</text>'
        parts.append(
            f'<g class="{name if name != PRODUCT else "product"}"><path class="line" d="{path}"/>{dots}{label}</g>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _spread(heights: Mapping[str, float]) -> dict[str, float]:
    """The heights of labels, moved down where two would overlap."""
    placed: dict[str, float] = {}
    before = float("-inf")
    for name in sorted(heights, key=lambda name: heights[name]):
        before = placed[name] = max(heights[name], before + LABEL_HEIGHT)
    return placed
