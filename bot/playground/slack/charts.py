"""The strict check of a data_visualization block: series that match their axis, and the limits of both.

Source: docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
"""

from typing import Any

from bot.playground.slack import limits
from bot.playground.slack.elements import Check, as_list, as_object


def check_chart(check: Check, block: dict[str, Any], path: str) -> None:
    """One chart block: its title, then what its kind of chart demands."""
    check.string(block.get("title"), limits.CHART_TITLE, f"{path}/title")
    chart, at = as_object(block.get("chart")), f"{path}/chart"
    match chart.get("type"):
        case "pie":
            check.keys(chart, frozenset({"type", "segments"}), at)
            for place, segment in check.items(chart.get("segments"), f"{at}/segments", limits.CHART_SERIES):
                _point(check, segment, place)
                if not _is_number(as_object(segment).get("value")) or as_object(segment)["value"] <= 0:
                    check.fail("must be more than 0", f"{place}/value")
        case "line" | "bar" | "area":
            check.keys(chart, frozenset({"type", "series", "axis_config"}), at)
            _series(check, chart, at)
        case _:
            check.fail("must be one of line, bar, area, pie", f"{at}/type")


def _series(check: Check, chart: dict[str, Any], path: str) -> None:
    categories = _axis(check, as_object(chart.get("axis_config")), f"{path}/axis_config")
    names = set()
    for at, series in check.items(chart.get("series"), f"{path}/series", limits.CHART_SERIES):
        node = as_object(series)
        check.keys(node, frozenset({"name", "data"}), at)
        check.string(node.get("name"), limits.CHART_LABEL, f"{at}/name")
        if node.get("name") in names:
            check.fail(f"series name already exists: {node.get('name')}", f"{at}/name")
        names.add(node.get("name"))
        points = check.items(node.get("data"), f"{at}/data", limits.CHART_CATEGORIES)
        for place, point in points:
            _point(check, point, place)
        if [as_object(point).get("label") for _, point in points] != categories:
            check.fail("labels must match the categories", f"{at}/data")


def _axis(check: Check, node: dict[str, Any], path: str) -> list[Any]:
    check.keys(node, frozenset({"categories", "x_label", "y_label"}), path)
    for key in ("x_label", "y_label"):
        check.length(node.get(key), limits.CHART_AXIS, f"{path}/{key}")
    for at, category in check.items(node.get("categories"), f"{path}/categories", limits.CHART_CATEGORIES):
        check.string(category, limits.CHART_LABEL, at)
    categories = as_list(node.get("categories"))
    if len(set(map(str, categories))) < len(categories):
        check.fail("categories must be unique", f"{path}/categories")
    return categories


def _point(check: Check, point: object, path: str) -> None:
    node = as_object(point)
    check.keys(node, frozenset({"label", "value"}), path)
    check.string(node.get("label"), limits.CHART_LABEL, f"{path}/label")
    if not _is_number(node.get("value")):
        check.fail("must be a number", f"{path}/value")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
