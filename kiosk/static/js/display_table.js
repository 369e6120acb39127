// What a customer display does, as one table: the basket as it grows, a greeting, a thank-you.

import { stay } from "./machine.js";

/** @typedef {import("./machine.js").Move} Move */

/** The thank-you with its QR code stays until the next sale, at most this long (54-FZ asks 40 s for a QR). */
export const THANKS_MS = 45_000;
/** The same net as on the cashier's page. */
export const PERSON_MS = 900_000;
/** After this long without the agent the customer may be another. */
export const AWAY_MS = 15_000;

/** @returns {any} */
export const initial = () => ({
  state: "welcome",
  customer: null,
  sale: null,
  stale: null,
  until_ms: null,
  away_since_ms: null,
});

/** @param {any} model */
const empty = (model) => ({ ...model, state: "welcome", customer: null, sale: null, until_ms: null });

/** @type {Move} */
const customer = (model, event) =>
  event.data.known
    ? { ...model, state: "sale", customer: event.data, sale: model.state === "thanks" ? null : model.sale, until_ms: event.at_ms + PERSON_MS }
    : model;

/** A sale that is told again, with what became of its paper, takes nothing from the next customer. @type {Move} */
const sale = (model, event) => {
  if (event.data.again && model.state === "sale") return model;
  if (event.data.state === "completed") return { ...model, state: "thanks", sale: event.data, until_ms: event.at_ms + THANKS_MS };
  if (event.data.state === "voided") return empty(model);
  return { ...model, state: "sale", sale: event.data, until_ms: event.at_ms + PERSON_MS };
};

/** Whoever was here is gone; what stays of a thank-you names nobody. @type {Move} */
const clear = (model) => (model.state === "thanks" ? { ...model, customer: null } : empty(model));

/** @type {Move} */
const link = (model, event) => ({
  ...model,
  away_since_ms: event.alive ? null : (model.away_since_ms ?? event.at_ms),
});

/** @type {Move} */
const tick = (model, event) => {
  const away = model.away_since_ms !== null && event.at_ms - model.away_since_ms >= AWAY_MS;
  return away || (model.until_ms !== null && event.at_ms >= model.until_ms) ? empty(model) : model;
};

/** @type {Move} */
const stale = (model, event) => ({ ...model, stale: event.data });

const always = { customer, sale, clear, link, tick, stale, offers: stay, trouble: stay };

/** @type {import("./machine.js").Table} */
export const DISPLAY = { welcome: always, sale: always, thanks: always };
