"""A stranger's page in the same browser: another site, and a name that was made to resolve to this machine."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from page_browser import PATIENCE_MS, chromium
from playwright.sync_api import Error

pytestmark = pytest.mark.browser

EVIL = "evil.example"

ATTACK = """
async (target) => {
  const scan = JSON.stringify({workstation_id: "1", code: "2912345678901"});
  const element = (name, url) => new Promise((tell) => {
    const made = document.createElement(name);
    made.onload = () => tell("loaded");
    made.onerror = () => tell("refused");
    made.src = url;
    document.body.append(made);
  });
  const fetched = (path, options) => fetch(target + path, options).then(
    (answer) => answer.type === "opaque" ? "opaque" : "read", () => "refused");
  const stream = new Promise((tell) => {
    const source = new EventSource(target + "/v1/workstations/1/events");
    source.onopen = () => tell("read");
    source.onerror = () => tell("refused");
  });
  const socket = new Promise((tell) => {
    const made = new WebSocket(target.replace("http", "ws") + "/v1/workstations/1/events");
    made.onopen = () => tell("read");
    made.onerror = () => tell("refused");
  });
  const form = document.createElement("form");
  Object.assign(form, {method: "POST", action: target + "/v1/scans", enctype: "text/plain", target: "frame"});
  const field = document.createElement("input");
  Object.assign(field, {name: scan.slice(0, -1) + ',"x":"', value: '"}'});
  const frame = document.createElement("iframe");
  frame.name = "frame";
  form.append(field);
  document.body.append(frame, form);
  const posted = new Promise((tell) => frame.addEventListener("load", () => tell("sent"), {once: true}));
  form.submit();
  return {
    get: await fetched("/v1/content", {}),
    status: await fetched("/v1/status", {mode: "no-cors"}),
    post: await fetched("/v1/scans", {method: "POST", body: scan}),
    post_blind: await fetched("/v1/scans", {method: "POST", body: scan, mode: "no-cors"}),
    post_json: await fetched("/v1/scans", {method: "POST", body: scan, headers: {"content-type": "application/json"}}),
    undo: await fetched("/v1/scans/s1", {method: "DELETE"}),
    stream: await stream,
    socket: await socket,
    image: await element("img", target + "/v1/qr.svg?text=x"),
    script: await element("script", target + "/static/js/kiosk.js"),
    form: await posted,
  };
}
"""


@contextmanager
def hostile_site():
    """Serve an empty page on loopback; yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Win a prize</title><body>")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def rebound():
    """A browser whose resolver was made to believe that EVIL is this machine."""
    with chromium(f"--host-resolver-rules=MAP {EVIL} 127.0.0.1") as opened:
        yield opened


@pytest.mark.parametrize("name", [EVIL, "127.0.0.1", "localhost"])
def test_another_site_reads_nothing_and_changes_nothing(rebound, store, name):
    """Another port of this very machine is another origin, and no friend."""
    with hostile_site() as port:
        page = rebound.new_page()
        page.goto(f"http://{name}:{port}/")
        found = page.evaluate(ATTACK, store.url)
        page.close()
    readable = {what: told for what, told in found.items() if told in {"read", "loaded"}}
    assert readable == {}, json.dumps(found)
    assert (store.core.scans, store.core.undone, store.core.appended) == ([], [], [])


def test_our_pages_are_in_no_strangers_frame(rebound, store):
    with hostile_site() as port:
        page = rebound.new_page()
        page.goto(f"http://{EVIL}:{port}/")
        page.evaluate(
            """(url) => new Promise((tell) => {
                const frame = document.createElement("iframe");
                frame.onload = tell;
                frame.src = url;
                document.body.append(frame);
            })""",
            f"{store.url}/kiosk",
        )
        assert [frame.locator("#page").count() for frame in page.frames[1:]] == [0]
        page.close()


def test_a_name_that_was_made_to_mean_this_machine_shows_no_page_and_runs_no_worker(rebound, store):
    """DNS rebinding: to the browser it is one origin, so only the agent itself can refuse it."""
    port = store.url.rpartition(":")[2]
    page = rebound.new_page()
    page.set_default_timeout(PATIENCE_MS)
    answer = page.goto(f"http://{EVIL}:{port}/kiosk")
    assert (answer.status, answer.json()["code"]) == (403, "wrong_host")
    statuses = page.evaluate(
        """async () => {
            const scan = {method: "POST", body: "{}", headers: {"content-type": "application/json"}};
            const asked = [fetch("/v1/content"), fetch("/v1/status"), fetch("/v1/scans", scan), fetch("/sw.js")];
            return (await Promise.all(asked)).map((each) => each.status);
        }"""
    )
    assert statuses == [403, 403, 403, 403]
    with pytest.raises(Error):  # plain http from a strange name is no place for a worker, and sw.js is refused besides
        page.evaluate("() => navigator.serviceWorker.register('/sw.js')")
    page.close()
    assert store.core.scans == []
