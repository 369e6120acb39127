"""The pages' files: small, complete, and what they say they are."""

import hashlib
import json
import re

import pytest

from agent.setup.page_server import page_words
from kiosk.assets import STATIC, load_assets

FIRST_LOAD_BYTES_MAX = 60_000
IMPORT = re.compile(r'(?:from|import)\s+"([^"]+)"')


def closure(name: str, assets) -> set[str]:
    """Every file that a page's first load fetches: the document, its style, its modules, one language."""
    found = {name, f"js/{name.removesuffix('.html')}.js", "css/tillstream.css", "texts/ru.json", "icon.svg"}
    queue = [each for each in found if each.endswith(".js")]
    while queue:
        module = queue.pop()
        for target in IMPORT.findall(assets[module].body.decode()):
            path = (STATIC / module).parent.joinpath(target).resolve().relative_to(STATIC.resolve()).as_posix()
            if path not in found:
                found.add(path)
                queue.append(path)
    return found


@pytest.mark.parametrize("page", ["kiosk.html", "cashier.html", "display.html", "places.html"])
def test_a_first_load_is_at_most_60_kilobytes_compressed(page):
    assets = load_assets()
    files = closure(page, assets)
    total = sum(len(assets[name].body_gzip or assets[name].body) for name in files)
    assert total <= FIRST_LOAD_BYTES_MAX, {name: len(assets[name].body_gzip) for name in files}


def test_every_language_has_the_same_texts_with_the_same_blanks():
    texts = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (STATIC / "texts").glob("*.json")}
    assert {"en", "ru"} <= set(texts)

    def blanks(wording) -> set[str]:
        words = wording if isinstance(wording, str) else " ".join(wording.values())
        return set(re.findall(r"\{(\w+)\}", words))

    for language, words in texts.items():
        assert list(words) == list(texts["en"]), language
        for key, wording in words.items():
            assert wording, (language, key)
            assert blanks(wording) == blanks(texts["en"][key]), (language, key)
            assert isinstance(wording, str) == isinstance(texts["en"][key], str), (language, key)


@pytest.mark.parametrize(("language", "forms"), [("en", {"one", "other"}), ("ru", {"one", "few", "many", "other"})])
def test_every_plural_has_all_the_forms_of_its_language(language, forms):
    words = json.loads((STATIC / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    for key, wording in words.items():
        if isinstance(wording, dict):
            assert set(wording) == forms, key


def test_every_text_that_a_page_says_exists():
    english = json.loads((STATIC / "texts" / "en.json").read_text(encoding="utf-8"))
    for path in (STATIC / "js").glob("*.js"):
        known = page_words("en") if path.name == "setup.js" else english  # setup's page says what its terminal says
        for key in re.findall(r'\.say\(\s*"(\w+)"', path.read_text(encoding="utf-8")):
            assert key in known, (path.name, key)


def test_lit_is_the_file_that_its_version_note_describes():
    note = (STATIC / "vendor" / "VERSION").read_text(encoding="utf-8")
    body = (STATIC / "vendor" / "lit-html.js").read_bytes()
    assert hashlib.sha256(body).hexdigest() in note
    assert "BSD-3-Clause" in note
    assert (STATIC / "vendor" / "LICENSE.lit-html").read_text(encoding="utf-8").startswith("BSD 3-Clause License")


def test_nothing_is_loaded_from_elsewhere():
    for path in STATIC.rglob("*"):
        if path.suffix in {".html", ".css", ".js"} and "vendor" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"https?://|//cdn|url\(", text), path.name


def test_the_service_worker_names_a_release_and_keeps_every_file():
    assets = load_assets()
    worker = assets["sw.js"].body.decode()
    files = json.loads(re.search(r"const FILES = (.*);", worker)[1])
    assert set(files) == {f"/static/{name}" for name in assets if name != "sw.js"}
    assert re.match(r'const VERSION = "[0-9a-f]{16}";', worker)
