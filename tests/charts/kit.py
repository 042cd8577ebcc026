"""Charts of every kind, from the smallest to the largest, and how to look at their pictures."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageChops

from bot.domain.charts import Chart, Look, Series, Unit

USD = 1_000_000
WEEK = ("Mon 9", "Tue 10", "Wed 11", "Thu 12", "Fri 13", "Sat 14", "Sun 15")
SCRIPTS = (
    "أنا كريم", "陈伟", "🚀 Rocket team", "Ана Ковач", "שירה לוי", "हिन्दी", "🦊🦊", "김민준", "Łukasz", "ไทย",
    "$5 and $6_a^2", "e\u0301clair", "\u202eevil", "", "  ", " a\nb", "x" * 80, "<b>&amp;</b>", "\ufe0f", "👩\u200d🚀",
)  # fmt: skip


def chart(look: Look = Look.COLUMNS, *rows: tuple[int | None, ...], **more: object) -> Chart:
    """A chart of these rows; `more` sets other fields of it."""
    count = len(rows[0]) if rows else 0
    fields: dict[str, object] = {
        "title": "Spend by day",
        "look": look,
        "unit": Unit.MONEY,
        "categories": WEEK[:count] if count <= len(WEEK) else tuple(f"{number + 1} Nov" for number in range(count)),
        "series": tuple(Series(f"series {number}", row) for number, row in enumerate(rows)),
        "alt": "What it shows.",
    }
    return Chart(**(fields | more))  # type: ignore[arg-type]


def usd(*dollars: float | None) -> tuple[int | None, ...]:
    return tuple(None if each is None else round(each * USD) for each in dollars)


def _many(count: int, seed: int) -> tuple[int, ...]:
    return tuple((number * 7919 * seed % 97) * USD for number in range(count))


def every() -> dict[str, Chart]:
    """By name: each kind at its smallest and largest, and what is unusual."""
    found: dict[str, Chart] = {}
    for look in Look:
        pairs = 2 if look is Look.AGAINST else 1
        rows = [_many(7, seed + 1) for seed in range(pairs)]
        found |= {
            f"{look}-one": chart(look, *[usd(5)] * pairs),
            f"{look}-week": chart(look, *rows),
            f"{look}-zero": chart(look, *[(0,) * 7] * pairs),
            f"{look}-unknown": chart(look, *[(None,) * 7] * pairs),
            f"{look}-empty": chart(look, *[()] * pairs),
            f"{look}-400": chart(look, *[_many(400, seed + 1) for seed in range(pairs)]),
            f"{look}-gaps": chart(look, *[usd(5, None, -3, 0, None, 2.5, 0.000_001)] * pairs),
            f"{look}-negative": chart(look, *[usd(-5, -1, -3)] * pairs, limit=2 * USD, limit_name="Cap"),
            f"{look}-scripts": chart(look, *[_many(len(SCRIPTS), 3)] * pairs, categories=SCRIPTS),
            f"{look}-limit": chart(look, *rows, limit=80 * USD, limit_name="Budget"),
            f"{look}-far-limit": chart(look, *rows, limit=80_000 * USD, limit_name="Budget"),
            f"{look}-huge": chart(look, *[usd(999_999, 1_000_000, 123_456.78)] * pairs),
            f"{look}-counts": chart(look, *[(1, 20_000, 3_000_000)] * pairs, unit=Unit.COUNT),
            f"{look}-title": chart(look, *rows, title="W" * 50),
        }
        if look is not Look.AGAINST:
            found[f"{look}-six"] = chart(look, *[_many(30, seed + 1) for seed in range(6)])
            found[f"{look}-band"] = chart(
                look, usd(1, 2, 3, None, None), band=(None, None, None, (3 * USD, 4 * USD), (3 * USD, 6 * USD))
            )
    return found


def looked_at(png: bytes) -> Image.Image:
    """The picture as it lies on white."""
    picture = Image.open(BytesIO(png)).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 10) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def only(picture: Image.Image, colour: str, by: int = 2) -> bytes:
    """A byte a pixel, row by row: 1 where it has this colour, about."""
    one, two, three = (
        band.point([int(abs(value - wanted) <= by) for value in range(256)])
        for band, wanted in zip(picture.split(), rgb(colour), strict=True)
    )
    return ImageChops.darker(ImageChops.darker(one, two), three).tobytes()


def heights(png: bytes, colour: str) -> list[int]:
    """How many pixels of this colour stand above each other, for each place from left to right."""
    picture = looked_at(png)
    pixels = only(picture, colour)
    return [pixels[x :: picture.width].count(1) for x in range(picture.width)]


def lengths(png: bytes, colour: str) -> list[int]:
    """How many pixels of this colour lie beside each other, for each place from top to bottom."""
    picture = looked_at(png)
    pixels = only(picture, colour)
    return [pixels[y * picture.width : (y + 1) * picture.width].count(1) for y in range(picture.height)]
