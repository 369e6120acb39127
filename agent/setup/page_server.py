"""`tillstream setup --browser`: the wizard on a page of this PC, on loopback, behind a code that opens it once.

The pages, their guard (exact Host and Origin, content security policy, bounded bodies) and their files are the desk's
own. The wizard runs in a thread of its own from the moment that the code was typed, so that it speaks the language that
the person chose on the page; it ends the server when it is through and the page has read so.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from agent.setup.page_channel import ANSWER_LETTERS_MAX, PageChannel
from agent.setup.page_door import Opened, PageDoor
from agent.setup.talk import LANGUAGES, words_of
from kiosk.assets import Asset, load_assets
from kiosk.guard import Guard
from kiosk.views import respond
from retail.errors import OnSiteError

COOKIE = "tillstream_setup"
PORT = 8764  # beside the desk's 8765: an agent that runs already is set up again without being stopped
LAST_WORD_S = 10.0  # a page asks several times a second; one that was closed is not waited for longer
STOP_S = 1
LOOK_S = 1.0  # a page that waits for somebody may wait for weeks
FILES = frozenset(
    {"js/setup.js", "js/text.js", "css/tillstream.css", "css/setup.css", "vendor/lit-html.js", "icon.svg"}
)
PAGE_WORDS = "page_"

REFUSED = {
    Opened.WRONG: ("wrong_code", "this is not the code", "type the code that stands in the terminal"),
    Opened.USED: ("code_used", "this code has opened a page already", "go on there, or start setup again"),
    Opened.CLOSED: ("too_many_codes", "too many wrong codes", "start tillstream setup --browser again"),
}


class OpenBody(BaseModel):
    """What opens a session."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(max_length=64)
    language: str = Field(max_length=8)


class AnswerBody(BaseModel):
    """An answer to a question, by its number."""

    model_config = ConfigDict(extra="forbid")
    number: int
    text: str = Field(max_length=ANSWER_LETTERS_MAX)


def page_words(language: str) -> dict[str, str]:
    """Return setup's words as a page says them: it has buttons where a terminal has keys."""
    words = words_of(language)
    return dict(words) | {
        key.removeprefix(PAGE_WORDS): text for key, text in words.items() if key.startswith(PAGE_WORDS)
    }


def create_setup_app(
    *, door: PageDoor, channel: PageChannel, begin: Callable[[str], None], hosts: frozenset[str]
) -> FastAPI:
    """Return the application. `begin` starts the wizard in a language; it is called once."""
    app = FastAPI(title="Tillstream setup", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, hosts=hosts)
    assets = load_assets()

    def page(request: Request) -> Response:
        return respond(request, assets["setup.html"])

    def static(request: Request, name: str) -> Response:
        return _file(request, assets, name)

    def words(language: str) -> Response:
        return JSONResponse(page_words(language if language in LANGUAGES else LANGUAGES[0]))

    def opens(body: OpenBody) -> Response:
        opened, session = door.open(body.code)
        if opened is not Opened.OPEN:
            return _refusal(*REFUSED[opened])
        begin(body.language if body.language in LANGUAGES else LANGUAGES[0])
        answer = JSONResponse({})
        answer.set_cookie(COOKIE, session, httponly=True, samesite="strict", path="/")
        return answer

    def talk(request: Request, seen: int = 0) -> Response:
        if not door.knows(request.cookies.get(COOKIE, "")):
            return _stranger()
        return JSONResponse(channel.told(max(seen, 0)), headers={"cache-control": "no-store"})

    def answer(request: Request, body: AnswerBody) -> Response:
        if not door.knows(request.cookies.get(COOKIE, "")):
            return _stranger()
        return JSONResponse({"taken": channel.answer(body.number, body.text)})

    app.add_api_route("/", page, methods=["GET"])
    app.add_api_route("/static/{name:path}", static, methods=["GET"])
    app.add_api_route("/v1/setup/words", words, methods=["GET"])
    app.add_api_route("/v1/setup/open", opens, methods=["POST"])
    app.add_api_route("/v1/setup/talk", talk, methods=["GET"])
    app.add_api_route("/v1/setup/answer", answer, methods=["POST"])
    return app


def _file(request: Request, assets: Mapping[str, Asset], name: str) -> Response:
    if name not in FILES:
        return _refusal("not_found", "there is no such file", "reload the page", status=404)
    return respond(request, assets[name])


def _stranger() -> Response:
    return _refusal("no_session", "this page is not open", "type the code that stands in the terminal", status=401)


def _refusal(code: str, message: str, fix: str, *, status: int = 403) -> Response:
    return JSONResponse(
        {"code": code, "message": message, "fix": fix}, status_code=status, headers={"cache-control": "no-store"}
    )


def serve_page(
    port: int | None,
    *,
    channel: PageChannel,
    run: Callable[[str], str],
    tell: Callable[[str, str], None],
    is_needed: Callable[[], bool] = lambda: True,
) -> str | None:
    """Serve until the wizard is through; return how it ended, None where nobody came to the end.

    `run` is the wizard, in a language; it returns `done`, `left` or `failed`. `tell` gets the address and the code.
    The page goes, too, once it is not needed and nobody has opened it. `port` None: the usual one, another where a
    page is offered there already. Raises OnSiteError for a port that was named and is taken.
    """
    door = PageDoor()
    listener = _listener(port)
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    ended: list[str] = []
    threads: list[threading.Thread] = []

    def work(language: str) -> None:
        try:
            ended.append(run(language))
        finally:
            channel.end(ended[0] if ended else "failed")
            channel.wait_until_told(LAST_WORD_S)
            server.should_exit = True

    def begin(language: str) -> None:
        threads.append(threading.Thread(target=work, args=(language,), name="wizard", daemon=True))
        threads[0].start()

    app = create_setup_app(
        door=door, channel=channel, begin=begin, hosts=frozenset({host, host.replace("127.0.0.1", "localhost")})
    )
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_S))
    tell(f"http://{host}/#{door.code}", door.code)

    def look() -> None:
        while not threads and not server.should_exit:
            if not is_needed():
                server.should_exit = True
            time.sleep(LOOK_S)

    threading.Thread(target=look, name="needed", daemon=True).start()
    with listener, _leaving(channel, threads):
        server.run(sockets=[listener])
    return ended[0] if ended else None


class _Server(uvicorn.Server):
    """Uvicorn that ends at Ctrl-C and says so by returning, as it does when the wizard is through."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        try:
            with super().capture_signals():
                yield
        except KeyboardInterrupt:
            return


@contextmanager
def _leaving(channel: PageChannel, threads: list[threading.Thread]) -> Iterator[None]:
    """End the wizard's thread where it stands when the server has gone: nothing is half done anywhere."""
    try:
        yield
    finally:
        channel.leave()
        for thread in threads:
            thread.join(LAST_WORD_S)


def _listener(port: int | None) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", PORT if port is None else port))
    except OSError as error:
        if port is None:
            return socket.create_server(("127.0.0.1", 0))
        raise OnSiteError(
            f"127.0.0.1:{port} cannot be listened on: {error.strerror}",
            fix="name another port, or 0 for any that is free: --browser-port 0",
            code="port_taken",
        ) from error
