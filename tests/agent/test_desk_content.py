"""What a content bundle may hold: colours that can be read, pictures that are pictures, languages there are."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from agent.config import parse_config
from agent.desk.content import (
    BUNDLE_BYTES_MAX,
    CONTRAST_MIN,
    PICTURE_BYTES_MAX,
    DeskContent,
    contrast,
    proofread,
    read_bundle,
)
from agent.state_dir import StateDir

CONFIG = """
[store]
business_unit_id = "7781"
name = "Corner shop"
timezone = "Europe/Berlin"
currency = "EUR"
{store}
[desk]
{desk}
"""
THEME = {"accent": "#0b57d0", "on_accent": "#ffffff", "accent_dark": "#8ab4f8", "on_accent_dark": "#06241d"}


def png() -> bytes:
    """Return one grey dot, as the PNG specification writes it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


def content_of(folder: Path, bundle: dict[str, Any], *, store: str = "", desk: str = "") -> DeskContent:
    (folder / "mirror").mkdir(exist_ok=True)
    (folder / "mirror" / "config.json").write_text(json.dumps({"content": bundle}), "utf-8")
    return DeskContent(parse_config(CONFIG.format(store=store, desk=desk)), StateDir(folder))


def test_pictures_theme_and_languages_come_with_the_bundle(tmp_path: Path) -> None:
    poster = {"title": {"en": "Beans"}, "text": {"en": "15 % off"}, "picture": "/content/beans.png"}
    pictures = {"beans.png": b64encode(png()).decode()}
    bundle = {"posters": [poster], "pictures": pictures, "theme": THEME, "languages": ["ru"]}
    now = content_of(tmp_path, bundle).current()
    assert now.pictures == {"beans.png": png()}
    assert now.posters[0].picture == "/content/beans.png"
    assert dict(now.theme) == THEME
    assert now.languages == ("ru",)


@pytest.mark.parametrize(
    "bundle",
    [
        {"theme": {"accent": "#ffff00", "on_accent": "#ffffff"}},
        {"theme": {"accent": "#0b57d0"}},
        {"theme": {"accent": "red", "on_accent": "#ffffff"}},
        {"theme": {"accent": "#777777", "on_accent": "#777777"}},
        {"languages": ["fr"]},
        {"pictures": {"a.svg": b64encode(b"<svg onload=alert(1)>").decode()}},
        {"pictures": {"../a.png": b64encode(png()).decode()}},
        {"pictures": {"a.png": "no base64!"}},
        {"pictures": {"a.png": b64encode(png() + bytes(PICTURE_BYTES_MAX)).decode()}},
        {"pictures": {f"{number}.png": b64encode(png()).decode() for number in range(33)}},
        {"posters": [{"title": {"en": "A"}, "text": {}, "picture": "https://elsewhere.example/a.png"}]},
        {"posters": [{"title": {}, "text": {}}]},
        {"consents": [{"purpose": "offers", "channel": "email", "version": "1", "text": {}}]},
        {"consents": [{"purpose": "offers", "channel": "email", "version": "1", "text": {"en": ""}}]},
        {"survey": [{"question_id": "q", "text": {"en": "Why?"}, "answers": {}}]},
    ],
)
def test_what_could_not_be_shown_or_read_is_refused_and_leaves_the_last_good_one(
    tmp_path: Path, bundle: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="no content bundle"):
        read_bundle(json.dumps(bundle).encode())
    assert content_of(tmp_path, bundle).current().consents, "the built-in texts stay"


ASKED = {"purpose": "offers", "channel": "email", "version": "1", "text": {"en": "May we write?"}}
QUESTION = {"question_id": "q", "text": {"en": "Whom for?", "ru": "Для кого?"}, "answers": {"me": {"en": "Me"}}}
LANGUAGES_BOTH = {"languages": ["en", "ru"]}


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ({"posterz": []}, "posterz: nothing is called so; the nearest known name is posters"),
        ({"consents": [{**ASKED, "txt": {}}]}, "consents.0.txt: nothing is called so; the nearest known name is text"),
        ({"theme": {"akcent": "#0b5c4d"}}, "theme.akcent: .* nearest known name is accent"),
        ({"posters": [{"title": {"en": "A"}, "text": {}, "picture": "/content/a.png"}]}, "no picture 'a.png'"),
        (LANGUAGES_BOTH | {"consents": [ASKED]}, "consents.0.text: there is none in 'ru'"),
        (LANGUAGES_BOTH | {"posters": [{"title": {"en": "A"}, "text": {}}]}, "posters.0.title: there is none in 'ru'"),
        (
            LANGUAGES_BOTH | {"posters": [{"title": {"en": "A", "ru": "А"}, "text": {"ru": "Б"}}]},
            "posters.0.text: there is none in 'en'",
        ),
        (LANGUAGES_BOTH | {"survey": [QUESTION]}, "survey.0.answers.me: there is none in 'ru'"),
        ({"consents": [ASKED]}, "consents: none is for 'membership', and nobody could join"),
        ({"posters": "x" * BUNDLE_BYTES_MAX}, "larger than"),
        ({"survey": [{"question_id": "Q!"}]}, "no content bundle: survey.0.question_id"),
    ],
)
def test_a_bundle_is_proofread_before_it_goes_out(bundle: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        proofread(json.dumps(bundle).encode())


def test_the_bundle_of_the_manual_and_a_newer_hubs_are_good(tmp_path: Path) -> None:
    manual = Path(__file__).parents[2].joinpath("docs", "screens.md").read_text("utf-8")
    example = manual.split("```json\n")[1].split("```")[0]
    assert proofread(example.encode()).posters
    assert read_bundle(b'{"of_tomorrow": 1, "languages": ["ru"]}').languages == ("ru",)


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") > CONTRAST_MIN


def test_pages_offer_what_this_store_has(tmp_path: Path) -> None:
    plain = content_of(tmp_path, {}).current()
    assert (plain.hands_over, plain.prints_coupons) == (False, False)
    claim, printer = 'claim_url = "https://hub.example/c/{token}"', 'printer = "tcp://192.0.2.10:9100"'
    whole = content_of(tmp_path, {}, store=claim, desk=printer).current()
    assert (whole.hands_over, whole.prints_coupons) == (True, True)
