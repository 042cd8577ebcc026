"""The README's pictures: each is there, says what it shows, and can be taken again by one command."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.screenshots import IMAGES, SCENES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
MOST_BYTES = 300 * 1024
PNG = b"\x89PNG\r\n\x1a\n"


def test_every_picture_of_the_readme_is_taken_by_the_command_and_the_other_way_round() -> None:
    shown = [ROOT / path for _, path in PICTURE.findall(README)]
    assert sorted(shown) == sorted(IMAGES / f"{name}.png" for name in SCENES)
    assert sorted(IMAGES.iterdir()) == sorted(shown)


def test_every_picture_says_in_words_what_it_shows() -> None:
    assert [path for words, path in PICTURE.findall(README) if len(words.split()) < 8] == []


def test_every_picture_has_the_size_of_its_scene_and_is_quick_to_load() -> None:
    for name, scene in SCENES.items():
        content = (IMAGES / f"{name}.png").read_bytes()
        assert content.startswith(PNG)
        size = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
        assert size == (round(scene.width * scene.scale), round(scene.height * scene.scale)), name
        assert len(content) <= MOST_BYTES, name


def test_how_to_take_them_again_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^screenshots:.*## \w+", makefile, re.MULTILINE)
    assert "make screenshots" in README
