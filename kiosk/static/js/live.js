// The event stream of one place, followed for ever: resumes where it was, notices a link that died without a word.
//
// EventSource reconnects by itself while the server is merely gone, but gives up for good on any answer that is not a
// stream (an agent that is starting says 503), and it cannot see a half-open connection. So a heartbeat is awaited, and
// a new EventSource is made, from the last event seen, when it stays away.

/** Heartbeats come every 10 s (kiosk/api.py); two and a half missed mean that nobody is there. */
export const SILENCE_MS = 25_000;
/** An agent is back within a second of a kill; asking every second finds it. */
export const RETRY_MS = 1_000;

export const EVENTS = ["customer", "offers", "sale", "trouble", "clear", "stale"];

/**
 * Follow the events at `url`; calls `onEvent(name, data)` and, whenever it changes, `onLink(alive)`.
 *
 * Returns a promise that holds from the first heartbeat on: before it an answer could come while nobody listens, and a
 * kiosk is told of nobody whom it did not ask for, so that answer would be lost. From then on every event is resumed.
 * @param {{url: string, onEvent: (name: string, data: any) => void, onLink: (alive: boolean) => void}} options
 * @returns {Promise<void>}
 */
export function follow({ url, onEvent, onLink }) {
  let last = "";
  let hears = () => {};
  const heard = new Promise((/** @type {(value: void) => void} */ tell) => {
    hears = tell;
  });
  /** @type {EventSource | null} */
  let source = null;
  /** @type {boolean | null} */
  let alive = null;
  let heard_ms = performance.now();

  /** @param {boolean} now */
  const link = (now) => {
    if (now) heard_ms = performance.now();
    if (now !== alive) onLink((alive = now));
  };

  const open = () => {
    source?.close();
    source = new EventSource(last === "" ? url : `${url}?after=${encodeURIComponent(last)}`);
    source.addEventListener("heartbeat", (message) => {
      if (message.lastEventId !== "") last = message.lastEventId;
      link(true);
      hears();
    });
    source.addEventListener("error", () => {
      link(false);
      if (source?.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS);
    });
    for (const name of EVENTS) {
      source.addEventListener(name, (message) => {
        if (message.lastEventId !== "") last = message.lastEventId;
        link(true);
        onEvent(name, JSON.parse(message.data));
      });
    }
  };

  open();
  setInterval(() => {
    if (performance.now() - heard_ms < SILENCE_MS) return;
    heard_ms = performance.now();
    link(false);
    open();
  }, RETRY_MS);
  return heard;
}
