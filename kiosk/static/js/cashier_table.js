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
/** A form that nobody touches is of somebody who has gone; it holds a name and a phone number. */
export const FORM_MS = 180_000;
/** The programme's own terms: without them nobody is a member (kiosk/ledger.py). */
export const MEMBERSHIP = "membership";

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
    form: null,
    paper_asked: false,
    remark: null,
    remark_until_ms: null,
  };
}

/** @param {any} model @param {any} over @returns {any} */
const without = (model, over = {}) => ({
  ...model,
  state: "idle",
  customer: null,
  offers: null,
  until_ms: null,
  form: null,
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
  const until_ms = event.at_ms + PERSON_MS;
  const shown = { ...model, customer: event.data, offers, sale: null, until_ms, notice: null, form: null, paper_asked: false };
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

// ---- signing up: three fields, a sentence to read aloud, two answers ----

/** Open the form; a stranger's card that was just scanned is theirs already. @type {Move} */
const openForm = (model, event) => ({
  ...model,
  state: "signing_up",
  notice: null,
  until_ms: event.at_ms + FORM_MS,
  form: {
    request_id: event.request_id,
    shown_at: event.at,
    first_name: "",
    contact: "",
    code: "",
    scan_id: model.state === "stranger" ? model.customer.scan_id : "",
    code_shown: model.state === "stranger" ? (model.customer.code_shown ?? "") : "",
    allowed: {},
    sending: false,
    problem: null,
  },
});

/** @param {any} model @param {PageEvent} event @param {object} over */
const inForm = (model, event, over) => ({
  ...model,
  until_ms: event.at_ms + FORM_MS,
  form: { ...model.form, problem: null, ...over },
});

/** @type {Move} */
const fillIn = (model, event) => inForm(model, event, { [event.field]: event.value });

/** @type {Move} */
const allow = (model, event) =>
  inForm(model, event, { allowed: { ...model.form.allowed, [event.purpose]: event.given } });

/** The new card, scanned into the form wherever the focus is. @type {Move} */
const newCard = (model, event) => inForm(model, event, { code: event.code.trim(), code_shown: "", scan_id: "" });

/** The lane's own scanner read a card: nobody's, so it is the new one; or somebody's, who is now here. @type {Move} */
const cardAtLane = (model, event) =>
  event.data.known
    ? customer(model, event)
    : inForm(model, event, { scan_id: event.data.scan_id, code_shown: event.data.code_shown ?? "", code: "" });

/** @type {Move} */
function submitForm(model, event) {
  const form = model.form;
  if (form.sending) return model;
  if (!form.allowed[MEMBERSHIP]) return inForm(model, event, { problem: "form_terms_missing" });
  if (form.contact.trim() === "" && form.code === "" && form.scan_id === "") {
    return inForm(model, event, { problem: "form_contact_missing" });
  }
  return [inForm(model, event, { sending: true }), { type: "join", form: { ...form, sending: false, problem: null } }];
}

/** @type {Move} */
function joined(model, event) {
  if (event.request_id !== model.form.request_id) return model;
  const done = noticed(without(model), event, "joined");
  return model.form.code === "" ? done : present(done, { ...event, code: model.form.code });
}

/** @type {Move} */
const joinFailed = (model, event) =>
  inForm(model, event, { sending: false, problem: event.code === "invalid" ? "form_contact_wrong" : "not_taken" });

/** @type {Move} */
const closeForm = (model) => without(model);

/** The customer wants our paper; asked once a person. @type {Move} */
const paper = (model, event) => [noticed({ ...model, paper_asked: true }, event, "paper_asked"), { type: "paper" }];

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
  if (event.data.passing) {
    return { ...model, remark: event.data, remark_until_ms: event.at_ms + NOTICE_MS };
  }
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
  if (over(next.remark_until_ms)) next = { ...next, remark: null, remark_until_ms: null };
  if (over(next.sale_until_ms)) next = { ...next, sale: null, sale_until_ms: null };
  const away = next.away_since_ms !== null && event.at_ms - next.away_since_ms >= AWAY_MS;
  return away || over(next.until_ms) ? without(next, { sale: null, sale_until_ms: null }) : next;
}

const always = {
  scan: present,
  customer,
  sale,
  clear,
  failed,
  link,
  trouble,
  stale,
  tick,
  accepted: stay,
  joined: stay,
  join_failed: stay,
};

/** @type {import("./machine.js").Table} */
export const CASHIER = {
  idle: { ...always, offers, sign_up: openForm },
  customer: { ...always, offers: offersOfCustomer, undo, paper },
  stranger: { ...always, offers: stay, undo, sign_up: openForm },
  signing_up: {
    ...always,
    scan: newCard,
    customer: cardAtLane,
    offers: stay,
    clear: stay,
    fill_in: fillIn,
    allow,
    submit: submitForm,
    joined,
    join_failed: joinFailed,
    close: closeForm,
  },
};
