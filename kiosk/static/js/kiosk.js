// The kiosk's page: /kiosk and /kiosk/<id>.

import { html, nothing, render } from "../vendor/lit-html.js";
import { getContent, postScan } from "./ask.js";
import { initial, KIOSK, WARNING_MS } from "./kiosk_table.js";
import { follow } from "./live.js";
import { chosenLanguage, keepForBadDays, keepLanguage, Page, placeOf, speakLanguage } from "./page.js";
import { age, care, languages, offerCard } from "./parts.js";
import { listenForWedge } from "./wedge.js";

/** A poster of twelve words is read twice in this time. */
const POSTER_MS = 9_000;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "+", "0"];

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const content = await getContent().catch(() => ({ language: "en" }));
const kiosk_id = placeOf(content.kiosks?.[0] ?? "1");
let texts = await speakLanguage(chosenLanguage(content.language), content);
let alive = true;
const screen = { reach: false, poster: 0, paused: false, poster_at_ms: performance.now() };

const page = new Page({ table: KIOSK, model: initial(), draw, perform });

/** @param {import("./machine.js").Effect} effect */
function perform(effect) {
  postScan({ workstation_id: kiosk_id, code: effect.code, symbology: effect.symbology, source: "kiosk" }).then(
    ({ scan_id }) => page.send("accepted", { request: effect.request, scan_id }),
    () => page.send("failed", { request: effect.request }),
  );
}

/** @param {string} language */
async function choose(language) {
  keepLanguage(language);
  texts = await speakLanguage(language, content);
  page.send("touch");
  draw(page.model);
}

/** @param {any} model */
function draw(model) {
  document.title = texts.say("kiosk_title");
  turnPosters();
  render(
    html`<div class="kiosk ${screen.reach ? "reach" : ""}">
      <header class="bar">
        <span class="grow">${content.store_name ?? ""}</span>
        ${age({ as_of: (model.person?.customer ?? model.stale)?.as_of, alive, texts })}
      </header>
      <main aria-live="polite" ?inert=${model.state === "warning"}>${body(model)}</main>
      <div>
        ${care({ ...model, alive, texts })}
        <footer class="bar">
          ${languages({ texts, onChoose: choose })}
          <span class="grow"></span>
          <button class="plain" aria-pressed=${screen.reach ? "true" : "false"} @click=${toggleReach}>
            ${texts.say("reach")}
          </button>
          ${canSpeak()
            ? html`<button class="plain" @click=${readAloud}>${texts.say("read_aloud")}</button>`
            : nothing}
          ${model.person === null
            ? nothing
            : html`<button class="main" @click=${() => page.send("leave")}>${texts.say("finish")}</button>`}
        </footer>
      </div>
    </div>
    ${model.state === "warning" ? warning(model) : nothing}`,
    root,
  );
  if (model.state === "warning") document.getElementById("more-time")?.focus();
}

/** @param {any} model */
function body(model) {
  if (model.state === "attract") return welcome(model);
  if (model.state === "keypad") return keypad(model);
  if (model.state === "asking") return html`<h1>${texts.say("one_moment")}</h1>`;
  return greeting(model.person);
}

/** @param {any} model */
function welcome(model) {
  return html`<div class="welcome">
    <section>
      ${drawing()}
      <h1>${texts.say("scan_your_card")}</h1>
      <p class="lead">${model.notice === null ? texts.say("scan_lead") : texts.say(model.notice)}</p>
      <div class="row">
        <button class="main" @click=${() => page.send("keypad")}>${texts.say("type_number")}</button>
      </div>
    </section>
    ${poster()}
  </div>`;
}

function poster() {
  const posters = content.posters ?? [];
  if (posters.length === 0) return nothing;
  const shown = posters[screen.poster % posters.length];
  return html`<section>
    <div class="card poster">
      ${shown.picture ? html`<img src=${shown.picture} alt="" />` : nothing}
      <h2>${inLanguage(shown.title)}</h2>
      <p>${inLanguage(shown.text)}</p>
    </div>
    ${posters.length > 1
      ? html`<div class="row">
          <button class="plain" @click=${togglePause}>${texts.say(screen.paused ? "resume" : "pause")}</button>
          <span class="quiet small">${(screen.poster % posters.length) + 1} / ${posters.length}</span>
        </div>`
      : nothing}
  </section>`;
}

/** @param {any} model */
function keypad(model) {
  const press = (/** @type {string} */ key) => () => page.send("key", { key });
  return html`<div class="keypad">
    <h1>${texts.say("type_lead")}</h1>
    <output aria-live="polite">${model.typed}</output>
    <p role="status" class="quiet">${model.notice === null ? "" : texts.say(model.notice)}</p>
    <div class="keys">
      ${DIGITS.map((each) => html`<button @click=${press(each)}>${each}</button>`)}
      <button aria-label=${texts.say("key_erase")} @click=${press("erase")}>⌫</button>
    </div>
    <div class="wide">
      <button @click=${() => page.send("leave")}>${texts.say("back")}</button>
      <button class="main" @click=${() => page.send("submit")}>${texts.say("go_on")}</button>
    </div>
  </div>`;
}

/** @param {{customer: any, offers: any}} person */
function greeting({ customer, offers }) {
  const list = offers?.offers ?? [];
  return html`<div class="greeting">
    <div class="head">
      <h1>${customer.first_name ? texts.say("hello", { name: customer.first_name }) : texts.say("hello_nobody")}</h1>
      ${points(customer)}
    </div>
    ${offers === null ? nothing : section(list, "your_offers", "no_offers", (each) => offerCard(each, texts))}
    ${section(customer.coupons ?? [], "your_coupons", null, (each) => offerCard(each, texts))}
    ${section(customer.receipts ?? [], "your_receipts", null, receipt)}
  </div>`;
}

/** @param {any} customer */
function points(customer) {
  if (customer.points === undefined || customer.points === null) return nothing;
  const expiring = customer.points_expiring;
  return html`<p class="points">
    <b>${customer.points.toLocaleString(texts.locale)}</b>
    ${texts.say("your_points", { n: customer.points })}
    ${expiring?.points
      ? html`<span class="quiet">
          · ${texts.say("points_expire", { n: expiring.points, day: texts.day(expiring.on) })}</span
        >`
      : nothing}
  </p>`;
}

/** @param {any[]} list @param {string} title @param {string | null} empty @param {(each: any) => any} draw_one */
function section(list, title, empty, draw_one) {
  if (list.length === 0) return empty === null ? nothing : html`<p class="quiet">${texts.say(empty)}</p>`;
  return html`<section>
    <h2>${texts.say(title)}</h2>
    <ul class="cards">
      ${list.map(draw_one)}
    </ul>
  </section>`;
}

/** @param {any} each */
function receipt(each) {
  return html`<li class="card">
    <h2>${texts.money(each.total, each.currency)}</h2>
    <p class="quiet">${texts.day(each.day)}</p>
    ${(each.lines ?? []).map((/** @type {string} */ line) => html`<p>${line}</p>`)}
  </li>`;
}

/** @param {any} model */
function warning(model) {
  const left_s = Math.max(0, Math.ceil((model.until_ms - performance.now()) / 1000));
  return html`<div class="veil" role="alertdialog" aria-modal="true" aria-labelledby="still" aria-describedby="still-more">
    <div>
      <h2 id="still">${texts.say("still_there")}</h2>
      <p id="still-more">${texts.say("still_there_more", { n: Math.min(left_s, WARNING_MS / 1000) })}</p>
      <div class="row">
        <button class="main" id="more-time" @click=${() => page.send("touch")}>${texts.say("more_time")}</button>
        <button @click=${() => page.send("leave")}>${texts.say("finish")}</button>
      </div>
    </div>
  </div>`;
}

const drawing = () =>
  html`<svg class="scan-drawing" viewBox="0 0 120 84" aria-hidden="true" fill="none" stroke="currentColor">
    <rect x="3" y="3" width="114" height="78" rx="10" stroke-width="4" />
    <path
      stroke-width="5"
      d="M24 24v36M34 24v36M42 24v36M56 24v36M64 24v36M78 24v36M86 24v36M96 24v36"
      stroke-linecap="square"
    />
  </svg>`;

/** @param {Record<string, string>} wording */
const inLanguage = (wording) => wording[texts.language] ?? wording[content.language] ?? Object.values(wording)[0] ?? "";

function turnPosters() {
  const now_ms = performance.now();
  if (page.model.state !== "attract" || screen.paused) screen.poster_at_ms = now_ms;
  if (now_ms - screen.poster_at_ms < POSTER_MS) return;
  screen.poster += 1;
  screen.poster_at_ms = now_ms;
}

function togglePause() {
  screen.paused = !screen.paused;
  draw(page.model);
}

function toggleReach() {
  screen.reach = !screen.reach;
  page.send("touch");
  draw(page.model);
}

/** Speech is offered where this browser has a voice for the language. */
const canSpeak = () =>
  "speechSynthesis" in globalThis && speechSynthesis.getVoices().some((each) => each.lang.startsWith(texts.language));

function readAloud() {
  speechSynthesis.cancel();
  const said = new SpeechSynthesisUtterance(root.querySelector("main")?.innerText ?? "");
  said.lang = texts.language;
  speechSynthesis.speak(said);
}

page.start();
listenForWedge(document, (code) => page.send("scan", { code }));
for (const touch of ["pointerdown", "keydown", "scroll"]) addEventListener(touch, () => page.send("touch"));
follow({
  url: `/v1/kiosks/${encodeURIComponent(kiosk_id)}/events`,
  onEvent: (name, data) => page.send(name, { data }),
  onLink: (now) => {
    alive = now;
    draw(page.model);
  },
});
keepForBadDays();
