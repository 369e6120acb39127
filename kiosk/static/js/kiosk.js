// The kiosk's page: /kiosk and /kiosk/<id>.

import { html, nothing, render } from "../vendor/lit-html.js";
import {
  getContent,
  newId,
  permissionsOf,
  postConsent,
  postHandover,
  postInterest,
  postMember,
  postPrint,
  postScan,
  postVisit,
  postWithdrawal,
} from "./ask.js";
import { couponStands } from "./explained.js";
import { phoneKeys } from "./keyboard.js";
import { joinStep, wording } from "./kiosk_join.js";
import { WARNING_MS } from "./kiosk_limits.js";
import { greeting, permissions } from "./kiosk_person.js";
import { initial, KIOSK } from "./kiosk_table.js";
import { follow } from "./live.js";
import { chosenLanguage, keepForBadDays, keepLanguage, Page, placeOf, speakLanguage } from "./page.js";
import { age, care, languages } from "./parts.js";
import { listenForWedge } from "./wedge.js";

/** A poster of twelve words is read twice in this time. */
const POSTER_MS = 9_000;

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const content = await getContent().catch(() => ({ language: "en" }));
const kiosk_id = placeOf(content.kiosks?.[0] ?? "1");
let texts = await speakLanguage(chosenLanguage(content.language), content);
let alive = true;
const screen = { reach: false, poster: 0, paused: false, view: "", poster_at_ms: performance.now(), inAddress: false };

const page = new Page({ table: KIOSK, model: initial(), draw, perform });

/** Carry out what the table decided; what only journals something needs no answer on the screen. */
const EFFECTS = /** @type {Record<string, (effect: any) => void>} */ ({
  scan: (effect) => ask(effect),
  visit: ({ scan_id, campaigns }) =>
    noted(postVisit({ request_id: newId(), workstation_id: kiosk_id, scan_id, campaigns })),
  allow: ({ purpose, ...about }) => {
    const [permission] = permissionsOf(content, { [purpose]: true }, texts.language);
    kept(about, postConsent({ ...asked(about), permission }));
  },
  withdraw: ({ purpose, ...about }) => kept(about, postWithdrawal({ ...asked(about), purpose })),
  erase: (about) => kept(about, postWithdrawal({ ...asked(about), purpose: "", erasure: true })),
  interest: ({ wish, code, scan_id, request_id }) =>
    noted(postInterest({ request_id, workstation_id: kiosk_id, scan_id, code, wish })),
  hand_over: ({ scan_id }) =>
    postHandover({ workstation_id: kiosk_id, scan_id }).then(
      ({ url }) => handed({ scan_id, url }),
      () => handed({ scan_id }),
    ),
  print: ({ scan_id }) =>
    postPrint({ workstation_id: kiosk_id, scan_id }).then(
      ({ outcome }) => page.send("paper_told", { scan_id, outcome }),
      () => page.send("paper_told", { scan_id, outcome: "not_sent" }),
    ),
  join: ({ join }) => {
    const { request_id, contact, first_name, survey, allowed, shown_at } = join;
    postMember({
      ...asked({ request_id, shown_at, scan_id: "" }),
      contact: contact.trim(),
      first_name: first_name.trim(),
      language: texts.language,
      permissions: permissionsOf(content, allowed, texts.language),
      survey,
    }).then(
      ({ confirm_by }) => page.send("joined", { request_id, confirm_by }),
      () => page.send("join_failed", { request_id }),
    );
  },
});

/** Ask who it is, once the answer can be heard; a customer who left before that is not asked for. @param {any} scan */
async function ask({ code, symbology, request }) {
  await hearing;
  if (page.model.state !== "asking" || page.model.request !== request) return;
  await postScan({ workstation_id: kiosk_id, code, symbology, source: "kiosk" }).then(
    ({ scan_id }) => page.send("accepted", { request, scan_id }),
    () => page.send("failed", { request }),
  );
}

/** @param {import("./machine.js").Effect} effect */
function perform(effect) {
  EFFECTS[effect.type]?.(effect);
}

/** Show the code where it is seen at once, and leave the focus beside it. @param {{scan_id: string, url?: string}} answer */
function handed(answer) {
  page.send("handed", answer);
  document.querySelector(".phone")?.scrollIntoView({ block: "start" });
  /** @type {HTMLElement | null} */ (document.querySelector(".phone button"))?.focus({ preventScroll: true });
}

/** @param {{request_id: string, shown_at: string, scan_id: string}} about */
const asked = ({ request_id, shown_at, scan_id }) => ({
  request_id,
  shown_at,
  scan_id,
  workstation_id: kiosk_id,
  source: "kiosk",
  shown_how: "screen",
});

/** @param {Promise<any>} request */
const noted = (request) => request.catch((problem) => console.warn(problem.code, problem.message));

/** A yes or no that was not taken must not look as if it counted. @param {any} about @param {Promise<any>} request */
const kept = (about, request) => request.catch(() => page.send("unkept", { scan_id: about.scan_id }));

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
  hush(model);
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
          ${languages({ texts, onChoose: choose, offered: content.languages })}
          <span class="grow"></span>
          <button class="plain" aria-pressed=${screen.reach ? "true" : "false"} @click=${toggleReach}>
            ${texts.say("reach")}
          </button>
          ${canSpeak()
            ? html`<button class="plain" @click=${readAloud}>${texts.say("read_aloud")}</button>`
            : nothing}
          ${model.person === null && model.join === null
            ? nothing
            : html`<button class="main" @click=${() => page.send("leave")}>${texts.say("finish")}</button>`}
        </footer>
      </div>
    </div>
    ${model.state === "warning" ? warning(model) : nothing}`,
    root,
  );
  if (model.state === "warning") document.getElementById("more-time")?.focus();
  else keepFocus(`${model.behind ?? model.state} ${model.join?.question ?? ""}`);
}

/**
 * Whoever uses keys, a switch or a screen reader goes on where the page goes on: in its field, else at its heading.
 * A control that is still there keeps the focus; nothing is taken from it. @param {string} view
 */
function keepFocus(view) {
  if (view === screen.view) return;
  const isFirst = screen.view === "";
  screen.view = view;
  const field = document.getElementById("told");
  const heading = /** @type {HTMLElement | null} */ (root.querySelector("main h1"));
  if (isFirst || (document.activeElement !== document.body && field === null)) return;
  heading?.setAttribute("tabindex", "-1");
  (field ?? heading)?.focus();
}

/** @param {any} model */
function body(model) {
  if (model.state === "attract") return welcome(model);
  if (model.state === "keypad") return keypad(model);
  if (model.state === "asking") return html`<h1>${texts.say("one_moment")}</h1>`;
  if (model.join !== null) return joining(model);
  if (model.state === "product") return product(model.product);
  if ((model.behind ?? model.state) === "permissions") return permissions(model, desk());
  return greeting(model.person, desk());
}

/** What drawing needs of this page. */
const desk = () => ({ texts, content, newId, send: (/** @type {string} */ type, data = {}) => page.send(type, data) });

/** A product that was scanned here: what core knows of it, and a wish. @param {any} scanned */
function product(scanned) {
  const wish = (/** @type {string} */ each) => () => page.send("wish", { wish: each, request_id: newId() });
  return html`<div class="step">
    <h1>${scanned.description ?? texts.say("product")}</h1>
    <p class="lead">
      ${scanned.price ? texts.money(scanned.price, scanned.currency) : texts.say("product_code", { code: scanned.code })}
    </p>
    <div class="row">
      <button class="main" @click=${wish("wished")}>${texts.say("wish")}</button>
      <button @click=${wish("waiting")}>${texts.say("wait_for")}</button>
      <button @click=${() => page.send("back")}>${texts.say("back")}</button>
    </div>
  </div>`;
}

/** @param {any} model */
function joining(model) {
  return joinStep({
    model: { ...model, state: model.behind ?? model.state },
    texts,
    content,
    inAddress: screen.inAddress,
    send: (type, data) => page.send(type, data),
    onOtherKeys: () => {
      screen.inAddress = !screen.inAddress;
      page.send("key", { value: "" });
    },
  });
}

/** @param {any} model */
function welcome(model) {
  return html`<div class="welcome">
    <section>
      ${drawing()}
      <h1>${texts.say("scan_your_card")}</h1>
      <p class="lead" role="status">${lead(model)}</p>
      <div class="row">
        <button class="main" @click=${() => page.send("keypad")}>${texts.say("type_number")}</button>
        ${(content.consents ?? []).length > 0
          ? html`<button @click=${() => page.send("join", { request_id: newId() })}>${texts.say("join")}</button>`
          : nothing}
      </div>
    </section>
    ${poster()}
  </div>`;
}

/** What just happened, else what a scan is good for. @param {any} model */
function lead({ notice, coupon }) {
  if (coupon !== null) return couponStands(coupon, texts);
  return texts.say(notice ?? "scan_lead");
}

function poster() {
  const posters = content.posters ?? [];
  if (posters.length === 0) return nothing;
  const shown = posters[screen.poster % posters.length];
  return html`<section>
    <div class="card poster">
      ${shown.picture ? html`<img src=${shown.picture} alt="" />` : nothing}
      <h2>${wording(shown.title, texts, content)}</h2>
      <p>${wording(shown.text, texts, content)}</p>
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
  return html`<div class="keypad">
    <h1><label for="told">${texts.say("type_lead")}</label></h1>
    <input
      id="told"
      class="told"
      inputmode="none"
      autocomplete="off"
      .value=${model.typed}
      @input=${(/** @type {any} */ event) => page.send("key", { value: event.target.value })}
    />
    <p role="status" class="quiet">${model.notice === null ? "" : texts.say(model.notice)}</p>
    ${phoneKeys({ texts, onKey: (key) => page.send("key", { key }) })}
    <div class="row go">
      <button @click=${() => page.send("leave")}>${texts.say("back")}</button>
      <button class="main" @click=${() => page.send("submit")}>${texts.say("go_on")}</button>
    </div>
  </div>`;
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

/** For whom something is read aloud; null while nothing is. @type {string | null} */
let listener = null;

/** Who is on the page, by their scan; empty for nobody. @param {any} model @returns {string} */
const whose = (model) => model.person?.customer.scan_id ?? "";

function readAloud() {
  speechSynthesis.cancel();
  const said = new SpeechSynthesisUtterance(root.querySelector("main")?.innerText ?? "");
  said.lang = texts.language;
  listener = whose(page.model);
  speechSynthesis.speak(said);
}

/** The next person does not hear what was read to the one before. @param {any} model */
function hush(model) {
  if (listener === null || listener === whose(model)) return;
  listener = null;
  speechSynthesis.cancel();
}

const hearing = follow({
  url: `/v1/kiosks/${encodeURIComponent(kiosk_id)}/events`,
  onEvent: (name, data) => page.send(name, { data }),
  onLink: (now) => {
    alive = now;
    draw(page.model);
  },
});
page.start();
listenForWedge(document, (code) => page.send("scan", { code }));
for (const touch of ["pointerdown", "keydown", "wheel"]) addEventListener(touch, () => page.send("touch"));
keepForBadDays();
