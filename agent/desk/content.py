"""What pages show to everybody, from the store's configuration and, once the feed has brought one, a content bundle.

A bundle is the member `content` of the feed's config file (`mirror/config.json`), verified as every file of the feed:
posters, consent texts, survey, theme, languages, pictures. One that cannot be read leaves the last good one; without
any the pages have the built-in consent texts, so that a permission can be taken on the first day.
"""

from __future__ import annotations

import binascii
import difflib
import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from agent.config import AgentConfig, PrintProfile
from agent.state_dir import StateDir
from kiosk.ledger import MEMBERSHIP
from kiosk.ports import Consent, PageContent, Poster, Question
from kiosk.views import picture_type
from retail.errors import RefusedError
from sync.protocol.feed_messages import FeedKind

BUNDLE_BYTES_MAX = 4_000_000  # a dozen pictures of a poster's size, as base64, and texts
PICTURE_BYTES_MAX = 400_000  # 1,600 pixels across as WebP; a kiosk's first paint does not wait for more
PICTURES_MAX = 32
CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3: letters on the chain's colour
LANGUAGES = ("en", "ru")  # kiosk/static/texts
COLOUR = r"^(#[0-9a-f]{6})?$"
PAPER_LIGHT, PAPER_DARK = "#fffdf9", "#1e2120"  # --surface of kiosk/static/css: links stand on it in the accent

Wording = Mapping[str, str]
PictureName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


Said = Annotated[dict[str, Annotated[str, Field(min_length=1)]], Field(min_length=1)]
"""A text by language, in one at least: nobody can be asked by a sentence that is not there."""


class PosterPart(_Part):
    """One offer to everybody, by language."""

    title: Said
    text: dict[str, str]
    picture: str = Field(default="", pattern=r"^(/content/[A-Za-z0-9._-]{1,100})?$")


class ConsentPart(_Part):
    """One permission and its whole text, by language."""

    purpose: str = Field(pattern=r"^[a-z_]{1,32}$")
    channel: str = Field(pattern=r"^[a-z_]{1,32}$")
    version: str = Field(min_length=1, max_length=32)
    text: Said


class QuestionPart(_Part):
    """One question of the survey, by language."""

    question_id: str = Field(pattern=r"^[a-z0-9_]{1,32}$")
    text: Said
    answers: Annotated[dict[str, Said], Field(min_length=1)]


class ThemePart(_Part):
    """The chain's colours, for day and night; each with what is written on it, in contrast enough to be read."""

    accent: str = Field(default="", pattern=COLOUR)
    on_accent: str = Field(default="", pattern=COLOUR)
    accent_dark: str = Field(default="", pattern=COLOUR)
    on_accent_dark: str = Field(default="", pattern=COLOUR)

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        grounds = ((self.accent, self.on_accent, PAPER_LIGHT), (self.accent_dark, self.on_accent_dark, PAPER_DARK))
        for ground, letters, paper in grounds:
            if bool(ground) != bool(letters):
                raise ValueError("a colour needs the colour of the letters on it")
            if ground and min(contrast(ground, letters), contrast(ground, paper)) < CONTRAST_MIN:
                raise ValueError(f"{ground} cannot be read: its contrast is below {CONTRAST_MIN} to 1")
        return self


class Bundle(_Part):
    """A content bundle; every part may be missing. `pictures` are base64 by name, shown at `/content/NAME`."""

    posters: tuple[PosterPart, ...] = ()
    consents: tuple[ConsentPart, ...] = ()
    survey: tuple[QuestionPart, ...] = ()
    languages: tuple[Literal["en", "ru"], ...] = ()
    theme: ThemePart = ThemePart()
    pictures: Annotated[dict[PictureName, bytes], Field(max_length=PICTURES_MAX)] = {}

    @field_validator("pictures", mode="before")
    @classmethod
    def _decoded(cls, pictures: object) -> object:
        if not isinstance(pictures, dict):
            return pictures
        return {name: _picture(str(name), body) for name, body in pictures.items()}


def _picture(name: str, body: object) -> bytes:
    """Return a picture's bytes. Raises ValueError for what no browser shows, or too large."""
    try:
        picture = b64decode(str(body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{name} is no base64") from error
    if len(picture) > PICTURE_BYTES_MAX:
        raise ValueError(f"{name} is larger than {PICTURE_BYTES_MAX} bytes")
    if picture_type(picture) is None:
        raise ValueError(f"{name} is no PNG, JPEG or WebP")
    return picture


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours `#rrggbb` as WCAG 2.2 defines it, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 - sRGB
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BUILT_IN = resources.files("sync.protocol").joinpath("consents.json")  # the hub's claim page shows the same
"""Consent texts and survey of a chain that has sent none yet; plain, by purpose, withdrawable."""


class DeskContent:
    """Fulfils `kiosk.ports.ContentPort`; looks at the bundle's file again when it changed."""

    def __init__(self, config: AgentConfig, state: StateDir) -> None:
        self._path = state.mirror / "config.json"
        self._read_at: tuple[int, int] | None = None
        self._content = _with_bundle(_of_config(config), read_bundle(BUILT_IN.read_bytes()))

    def current(self) -> PageContent:
        """Return what to show now."""
        try:
            found = self._path.stat()
        except OSError:
            return self._content
        if (found.st_mtime_ns, found.st_size) != self._read_at:
            self._read_at = found.st_mtime_ns, found.st_size
            self._take_bundle(found.st_size)
        return self._content

    def _take_bundle(self, size_bytes: int) -> None:
        if size_bytes > BUNDLE_BYTES_MAX:
            return
        try:
            bundle = read_bundle(json.dumps(json.loads(self._path.read_bytes()).get("content", {})).encode())
            self._content = _with_bundle(self._content, bundle)
        except (OSError, ValueError, AttributeError):
            return  # the last good one stays


def read_bundle(body: bytes) -> Bundle:
    """Return the bundle in `body`. Raises ValueError for anything else."""
    try:
        return Bundle.model_validate(json.loads(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the bundle"
        raise ValueError(f"no content bundle: {where}: {first['msg']}") from error


_PARTS: Mapping[str, type[_Part]] = MappingProxyType(
    {"posters": PosterPart, "consents": ConsentPart, "survey": QuestionPart, "theme": ThemePart}
)


def proofread(body: bytes) -> Bundle:
    """Return a bundle that somebody is about to publish. Raises ValueError for the first thing that is wrong with it.

    Stricter than a store, which passes over names it does not know, because its hub may be newer.
    """
    if len(body) > BUNDLE_BYTES_MAX:
        raise ValueError(f"the bundle is larger than {BUNDLE_BYTES_MAX} bytes, and no store would take it")
    bundle = read_bundle(body)
    for what in (*_mistyped(json.loads(body)), *_missing(bundle)):
        raise ValueError(what)
    return bundle


def _mistyped(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield names that no part of a bundle has."""
    yield from _strangers(told, Bundle, "")
    for name, part in _PARTS.items():
        found = told.get(name, [])
        for number, each in enumerate(found if isinstance(found, list) else [found]):
            yield from _strangers(each, part, f"{name}.{number}." if isinstance(found, list) else f"{name}.")


def _strangers(told: Mapping[str, Any], part: type[_Part], where: str) -> Iterator[str]:
    for name in told:
        if name not in part.model_fields:
            near = difflib.get_close_matches(name, part.model_fields, n=1)
            yield f"{where}{name}: nothing is called so" + (f"; the nearest known name is {near[0]}" if near else "")


def _missing(bundle: Bundle) -> Iterator[str]:
    """Yield what a bundle names or needs and has not: pictures, texts in its languages, the sentence to join by."""
    for number, poster in enumerate(bundle.posters):
        name = poster.picture.removeprefix("/content/")
        if name and name not in bundle.pictures:
            yield f"posters.{number}.picture: there is no picture {name!r} in `pictures`"
    for where, text in _texts(bundle):
        for language in bundle.languages:
            if text and language not in text:
                yield f"{where}: there is none in {language!r}, which `languages` offers"
    if bundle.consents and MEMBERSHIP not in {each.purpose for each in bundle.consents}:
        yield f"consents: none is for {MEMBERSHIP!r}, and nobody could join"


def _texts(bundle: Bundle) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield every text of a bundle with its place; one that no language has is left out on purpose."""
    for number, poster in enumerate(bundle.posters):
        yield f"posters.{number}.title", poster.title
        yield f"posters.{number}.text", poster.text
    for number, consent in enumerate(bundle.consents):
        yield f"consents.{number}.text", consent.text
    for number, question in enumerate(bundle.survey):
        yield f"survey.{number}.text", question.text
        for answer, words in question.answers.items():
            yield f"survey.{number}.answers.{answer}", words


def check_feed_content(kind: FeedKind, content: Any) -> None:
    """Raise RefusedError for a config bundle that this store could not show; the last good one stays in use.

    The first mistake is named with its place, so that the hub can tell whoever published it.
    """
    if kind is not FeedKind.CONFIG:
        return
    if not isinstance(content, dict):
        raise RefusedError("the bundle is no object", fix="publish it again", code="feed_file")
    told = json.dumps(content.get("content", {}))
    if len(told) > BUNDLE_BYTES_MAX:
        raise RefusedError(
            f"the bundle is larger than {BUNDLE_BYTES_MAX} bytes", fix="make it smaller", code="feed_file"
        )
    try:
        Bundle.model_validate(json.loads(told))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, ("content", *first["loc"])))
        raise RefusedError(
            f"{where}: {first['msg']}", fix="mend the bundle and publish it again", code="feed_file"
        ) from error


def _of_config(config: AgentConfig) -> PageContent:
    store = config.store
    return PageContent(
        store_name=store.name,
        currency=store.currency,
        languages=LANGUAGES,
        language=store.language,
        timezone=store.timezone,
        country=store.country,
        workstations=tuple(each.id for each in config.workstation),
        kiosks=tuple(config.desk.kiosks),
        paper_on_request=store.print_profile is PrintProfile.ON_REQUEST,
        hands_over=store.claim_url.endswith("/c/{token}"),
        prints_coupons=config.desk.printer != "",
    )


def _with_bundle(content: PageContent, bundle: Bundle) -> PageContent:
    """Return content with every part that the bundle has."""
    parts: dict[str, Any] = {
        "posters": tuple(Poster(**each.model_dump()) for each in bundle.posters),
        "consents": tuple(Consent(**each.model_dump()) for each in bundle.consents),
        "survey": tuple(Question(**each.model_dump()) for each in bundle.survey),
        "theme": {name: value for name, value in bundle.theme.model_dump().items() if value},
        "languages": bundle.languages,
        "pictures": bundle.pictures,
    }
    return replace(content, **{name: value for name, value in parts.items() if value})
