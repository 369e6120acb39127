// What a kiosk does, as one table. Its first duty is to forget.
//
// A person is on the page in `greeting` and `warning` only; every other state has `person: null`. A person arrives with
// the id of the scan that named them, and is let in only when that is the scan this page waits for, or when the scan
// came from a scanner that core reads itself. So an answer that comes after its customer has left - late, twice, or
// although the request seemed to fail - greets nobody: its scan is not waited for any more, or stands in `gone`.

import { stay } from "./machine.js";

/** @typedef {import("./machine.js").PageEvent} PageEvent */
/** @typedef {import("./machine.js").Move} Move */

/** A minute in all between the last touch and an empty page, of which the customer is asked for the last 20 s. */
export const IDLE_MS = 40_000;
/** WCAG 2.2.1: at least 20 s and one simple action to go on. */
export const WARNING_MS = 20_000;
/** Core answers in milliseconds; after this long it will not answer this person any more. */
export const ANSWER_MS = 6_000;
/** A notice ("not known here") is read in this time. */
export const NOTICE_MS = 12_000;
/** What can be typed: a phone with country code is 15 digits, a card number up to 24. */
export const TYPED_MAX = 24;
export const TYPED_MIN = 4;
const GONE_MAX = 64;
const EARLY_MAX = 8;

/** @returns {any} */
export function initial() {
  return {
    state: "attract",
    person: null,
    typed: "",
    scan_id: null,
    request: 0,
    waiting: false,
    early: [],
    gone: [],
    until_ms: null,
    notice: null,
    troubles: {},
    stale: null,
  };
}

/** @param {any} model @param {any} over @returns {any} */
function wiped(model, over = {}) {
  const gone = model.scan_id === null ? model.gone : [...model.gone, model.scan_id].slice(-GONE_MAX);
  return {
    ...model,
    state: "attract",
    person: null,
    typed: "",
    scan_id: null,
    waiting: false,
    early: [],
    gone,
    until_ms: null,
    notice: null,
    ...over,
  };
}

/** @type {Move} */
const wipe = (model) => wiped(model);

/** @type {Move} */
function present(model, event) {
  const request = model.request + 1;
  const next = wiped(model, {
    state: "asking",
    request,
    waiting: true,
    until_ms: event.at_ms + ANSWER_MS,
  });
  return [next, { type: "scan", request, code: event.code, symbology: event.symbology ?? "unknown" }];
}

/** @type {Move} */
const openKeypad = (model, event) => ({ ...wiped(model), state: "keypad", until_ms: event.at_ms + IDLE_MS });

/** @type {Move} */
const typeKey = (model, event) => ({
  ...model,
  typed: (event.key === "erase" ? model.typed.slice(0, -1) : model.typed + event.key).slice(0, TYPED_MAX),
  until_ms: event.at_ms + IDLE_MS,
});

/** @type {Move} */
const presentTyped = (model, event) =>
  model.typed.replace(/\D/g, "").length < TYPED_MIN
    ? { ...model, notice: "typed_too_short", until_ms: event.at_ms + IDLE_MS }
    : present(model, { ...event, code: model.typed, symbology: "typed" });

/** The answer to our own POST: from now on we know which scan we wait for. @type {Move} */
function accepted(model, event) {
  if (!model.waiting || event.request !== model.request) return left(model, event);
  const known = { ...model, waiting: false, scan_id: event.scan_id, early: [] };
  return model.early
    .filter((/** @type {PageEvent} */ each) => each.data.scan_id === event.scan_id)
    .reduce((/** @type {any} */ now, /** @type {PageEvent} */ each) => recognised(now, each), known);
}

/** An answer to a request that nobody waits for any more: whoever it names is gone. @type {Move} */
const left = (model, event) =>
  event.scan_id === undefined ? model : { ...model, gone: [...model.gone, event.scan_id].slice(-GONE_MAX) };

/** @type {Move} */
const failed = (model, event) =>
  model.waiting && event.request === model.request
    ? wiped(model, { notice: "not_taken", until_ms: event.at_ms + NOTICE_MS })
    : model;

/** Whether somebody may be let in whom this page did not ask about. @param {any} model @param {PageEvent} event */
const fromScanner = (model, event) => event.data.source === "scanner" && !model.gone.includes(event.data.scan_id);

/** A person, or a code that is nobody's, for the scan that this page waits for. @param {any} model @param {any} event */
function recognised(model, event) {
  if (event.type === "offers") {
    return model.person === null ? model : { ...model, person: { ...model.person, offers: event.data } };
  }
  if (!event.data.known) {
    return wiped(model, { notice: "not_known", until_ms: event.at_ms + NOTICE_MS });
  }
  return {
    ...model,
    state: "greeting",
    typed: "",
    notice: null,
    scan_id: event.data.scan_id,
    person: { customer: event.data, offers: model.person?.offers ?? null },
    until_ms: event.at_ms + IDLE_MS,
  };
}

/** While we wait: ours, or kept until we know which scan is ours. @type {Move} */
function arriving(model, event) {
  if (model.waiting) return { ...model, early: [...model.early, event].slice(-EARLY_MAX) };
  return event.data.scan_id === model.scan_id ? recognised(model, event) : model;
}

/** Nobody was asked for: a scanner that core reads itself. @type {Move} */
const walkingUp = (model, event) => (fromScanner(model, event) ? recognised(wiped(model), event) : model);

/** News of whoever is here (no touch: their time runs on), or the next person at core's own scanner. @type {Move} */
function updating(model, event) {
  if (event.data.scan_id !== model.scan_id) return walkingUp(model, event);
  return event.data.known ? { ...model, person: { ...model.person, customer: event.data } } : wiped(model);
}

/** Offers follow their customer: they never introduce anybody. @type {Move} */
const offersFollow = (model, event) =>
  event.data.scan_id === model.scan_id && model.person !== null
    ? { ...model, person: { ...model.person, offers: event.data } }
    : model;

/** @type {Move} */
const touched = (model, event) => ({ ...model, state: "greeting", until_ms: event.at_ms + IDLE_MS });

/** @param {any} model @param {PageEvent} event */
const isOver = (model, event) => model.until_ms !== null && event.at_ms >= model.until_ms;

/** @type {Move} */
const tickGreeting = (model, event) => {
  if (!isOver(model, event)) return model;
  // A machine that slept past the warning too shows nobody when it wakes.
  if (event.at_ms >= model.until_ms + WARNING_MS) return wiped(model);
  return { ...model, state: "warning", until_ms: model.until_ms + WARNING_MS };
};

/** @type {Move} */
const tickWipe = (model, event) => (isOver(model, event) ? wiped(model) : model);

/** @type {Move} */
const tickAsking = (model, event) =>
  isOver(model, event) ? wiped(model, { notice: "not_taken", until_ms: event.at_ms + NOTICE_MS }) : model;

/** @type {Move} */
function trouble(model, event) {
  if (event.data.passing) return model;
  const { [event.data.code]: _, ...others } = model.troubles;
  return { ...model, troubles: event.data.resolved ? others : { ...others, [event.data.code]: event.data } };
}

/** @type {Move} */
const stale = (model, event) => ({ ...model, stale: event.data });

/** What may come from outside at any moment. `sale` concerns lanes. */
const always = { trouble, stale, sale: stay, clear: wipe, leave: wipe, accepted: left, failed: stay };

/** @type {import("./machine.js").Table} */
export const KIOSK = {
  attract: {
    ...always,
    clear: stay,
    scan: present,
    keypad: openKeypad,
    customer: walkingUp,
    offers: stay,
    touch: stay,
    tick: tickWipe,
  },
  keypad: {
    ...always,
    // Somebody's `clear` is not about the person who is typing.
    clear: stay,
    scan: present,
    key: typeKey,
    submit: presentTyped,
    customer: walkingUp,
    offers: stay,
    touch: (model, event) => ({ ...model, until_ms: event.at_ms + IDLE_MS }),
    tick: tickWipe,
  },
  asking: {
    ...always,
    clear: stay,
    scan: present,
    accepted,
    failed,
    customer: arriving,
    offers: arriving,
    touch: stay,
    tick: tickAsking,
  },
  greeting: {
    ...always,
    scan: present,
    customer: updating,
    offers: offersFollow,
    touch: touched,
    tick: tickGreeting,
  },
  warning: {
    ...always,
    scan: present,
    customer: updating,
    offers: offersFollow,
    touch: touched,
    tick: tickWipe,
  },
};
