// Keeps the pages' own files, so that a reload with the agent gone still shows the page, which then says so.
//
// Always asks the agent first and falls back on what it kept: a release is never half old and half new while the agent
// answers. It keeps files and the store's public content, never an answer that concerns a person.
// The server puts VERSION and FILES before this line (kiosk/assets.py).

/* global VERSION, FILES, self, caches */

/** A hung agent must not hang a reload. */
const PATIENCE_MS = 2000;
const DOCUMENTS = { kiosk: "/static/kiosk.html", cashier: "/static/cashier.html", display: "/static/display.html" };
const PLACES = "/static/places.html";
const CONTENT = "/v1/content";

self.addEventListener("install", (event) => {
  const wanted = [...FILES, CONTENT];
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(wanted)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const drop = (names) => Promise.all(names.filter((name) => name !== VERSION).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(drop).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const kept = keptName(event.request, url);
  if (kept !== null) event.respondWith(agentFirst(event.request, kept));
});

/** Which kept file answers this request when the agent does not; null: none, let the browser ask. */
function keptName(request, url) {
  if (url.pathname.startsWith("/content/")) return url.pathname;
  if (url.pathname.startsWith("/static/") || url.pathname === CONTENT) return url.pathname;
  if (request.mode !== "navigate") return null;
  const [kind, place] = url.pathname.split("/").filter(Boolean);
  if (kind === "kiosk") return DOCUMENTS.kiosk;
  return place === undefined ? PLACES : (DOCUMENTS[kind] ?? PLACES);
}

async function agentFirst(request, name) {
  const cache = await caches.open(VERSION);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && (name === CONTENT || name.startsWith("/content/"))) await cache.put(name, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(name);
    if (kept === undefined) throw error;
    return kept;
  }
}
