// What a cashier's page does, as one table: idle it is nearly empty; a scan shows who it is and what to say.
//
// The lane's truth is core's: whoever core names last is the customer, `clear` takes them away. A page that hears
// nothing for AWAY_MS shows nobody, since a `clear` could not reach it.

import { stay } from "./machine.js";

/** @typedef {import("./machine.js").PageEvent} PageEvent */
/** @typedef {import("./machine.js").Move} Move */

/** An agent restarts in a second or two; after this long without it, the customer may be another. */
export const AWAY_MS = 15_000;
/** Core answers in milliseconds. */
export const ANSWER_MS = 6_000;
/** A notice is read in this time and then goes by itself. */
export const NOTICE_MS = 8_000;
/** A net below core's own ten minutes (decision 1 of the architecture): nobody stays longer than this. */
export const PERSON_MS = 900_000;
/** What became of the paper is shown this long after the sale. */
export const SALE_MS = 10_000;
export const TYPED_MIN = 4;

/** @returns {any} */
export function initial() {
  return {
    state: "idle",
    customer: null,
    offers: null,
    sale: null,
    troubles: {},
    stale: null,
    alive: true,
    away_since_ms: null,
    request: 0,
    until_ms: null,
    notice: null,
    notice_until_ms: null,
    sale_until_ms: null,
  };
}

/** @param {any} model @param {any} over @returns {any} */
const without = (model, over = {}) => ({
  ...model,
  state: "idle",
  customer: null,
  offers: null,
  until_ms: null,
  ...over,
});

/** @param {any} model @param {PageEvent} event @param {string} notice */
const noticed = (model, event, notice) => ({ ...model, notice, notice_until_ms: event.at_ms + NOTICE_MS });

/** @type {Move} */
function present(model, event) {
  const code = event.code.trim();
  if (code.replace(/\s/g, "").length < TYPED_MIN) return noticed(model, event, "typed_too_short");
  const request = model.request + 1;
  const next = { ...model, request, notice: null, asked_until_ms: event.at_ms + ANSWER_MS };
  return [next, { type: "scan", request, code, symbology: event.symbology ?? "unknown" }];
}

/** @type {Move} */
function customer(model, event) {
  const offers = model.offers?.scan_id === event.data.scan_id ? model.offers : null;
  const shown = { ...model, customer: event.data, offers, sale: null, until_ms: event.at_ms + PERSON_MS, notice: null };
  if (event.data.known) return { ...shown, state: "customer" };
  return { ...shown, state: "stranger" };
}

/** Offers may overtake their customer on a busy day; they are kept for them and never shown alone. @type {Move} */
const offers = (model, event) => ({ ...model, offers: event.data });

/** @type {Move} */
const offersOfCustomer = (model, event) =>
  event.data.scan_id === undefined || event.data.scan_id === model.customer.scan_id
    ? { ...model, offers: event.data }
    : model;

/** @type {Move} */
const sale = (model, event) => ({
  ...model,
  sale: event.data,
  sale_until_ms: event.data.state === "open" ? null : event.at_ms + SALE_MS,
});

/** @type {Move} */
const clear = (model) => without(model);

/** @type {Move} */
const undo = (model, event) => [
  noticed(without(model), event, "undone"),
  { type: "undo", scan_id: model.customer.scan_id },
];

/** @type {Move} */
function failed(model, event) {
  const away = event.code === "agent_away" || event.code === "core_away";
  return { ...noticed(model, event, away ? "not_taken" : "refused"), refusal: event.message };
}

/** @type {Move} */
function link(model, event) {
  if (event.alive) return { ...model, alive: true, away_since_ms: null };
  return { ...model, alive: false, away_since_ms: model.away_since_ms ?? event.at_ms };
}

/** @type {Move} */
function trouble(model, event) {
  const { [event.data.code]: _, ...others } = model.troubles;
  return { ...model, troubles: event.data.resolved ? others : { ...others, [event.data.code]: event.data } };
}

/** @type {Move} */
const stale = (model, event) => ({ ...model, stale: event.data });

/** @type {Move} */
function tick(model, event) {
  /** @param {number | null} until_ms */
  const over = (until_ms) => until_ms !== null && event.at_ms >= until_ms;
  let next = model;
  if (over(next.notice_until_ms)) next = { ...next, notice: null, notice_until_ms: null };
  if (over(next.sale_until_ms)) next = { ...next, sale: null, sale_until_ms: null };
  const away = next.away_since_ms !== null && event.at_ms - next.away_since_ms >= AWAY_MS;
  return away || over(next.until_ms) ? without(next, { sale: null, sale_until_ms: null }) : next;
}

const always = { scan: present, customer, sale, clear, failed, link, trouble, stale, tick, accepted: stay };

/** @type {import("./machine.js").Table} */
export const CASHIER = {
  idle: { ...always, offers },
  customer: { ...always, offers: offersOfCustomer, undo },
  stranger: { ...always, offers: stay, undo },
};
