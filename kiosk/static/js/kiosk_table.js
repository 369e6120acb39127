// What a kiosk does, as one table. Its first duty is to forget.
//
// A person is on the page in `greeting` (and `permissions` behind it) and in `warning` over them only; every other state
// has `person: null`. What somebody who joins has told is on the page in the `join_…` states, and in `warning` over
// them, only: every other state has `join: null`. A person arrives with
// the id of the scan that named them, and is let in only when that is the scan this page waits for, or when the scan
// came from a scanner that core reads itself. So an answer that comes after its customer has left - late, twice, or
// although the request seemed to fail - greets nobody: its scan is not waited for any more, or stands in `gone`.

import {
  answered,
  contactDone,
  goTo,
  joined,
  joinFailed,
  nameDone,
  sendJoin,
  tickBox,
  typedOn,
  typeInto,
} from "./kiosk_join_table.js";
import { ANSWER_MS, IDLE_MS, NOTICE_MS, TYPED_MAX, TYPED_MIN, WARNING_MS } from "./kiosk_limits.js";
import { stay } from "./machine.js";

/** @typedef {import("./machine.js").PageEvent} PageEvent */
/** @typedef {import("./machine.js").Move} Move */

const GONE_MAX = 64;
const EARLY_MAX = 8;

/** @returns {any} */
export function initial() {
  return {
    state: "attract",
    person: null,
    typed: "",
    code: "",
    scan_id: null,
    request: 0,
    waiting: false,
    early: [],
    gone: [],
    until_ms: null,
    notice: null,
    troubles: {},
    stale: null,
    join: null,
    product: null,
    coupon: null,
    guest: "",
    behind: null,
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
    code: "",
    scan_id: null,
    waiting: false,
    early: [],
    gone,
    until_ms: null,
    notice: null,
    join: null,
    product: null,
    coupon: null,
    guest: "",
    behind: null,
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
    code: event.code,
    request,
    waiting: true,
    guest: model.person === null ? model.guest : model.scan_id,
    until_ms: event.at_ms + ANSWER_MS,
  });
  return [next, { type: "scan", request, code: event.code, symbology: event.symbology ?? "unknown" }];
}

/** A product is of interest: wished for, or waited for, by whoever was greeted before it was scanned. @type {Move} */
const wish = (model, event) => [
  wiped(model, { notice: `wish_${event.wish}`, until_ms: event.at_ms + NOTICE_MS }),
  { type: "interest", wish: event.wish, code: model.product.code, scan_id: model.guest, request_id: event.request_id },
];

/** @type {Move} */
const openKeypad = (model, event) => ({ ...wiped(model), state: "keypad", until_ms: event.at_ms + IDLE_MS });

/** @type {Move} */
const typeKey = (model, event) => ({
  ...model,
  typed: event.value === undefined ? typedOn(model.typed, event.key, TYPED_MAX) : event.value.slice(0, TYPED_MAX),
  notice: null,
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
  const arrived = model.early
    .filter((/** @type {PageEvent} */ each) => each.data.scan_id === event.scan_id)
    .reduce((/** @type {any} */ now, /** @type {PageEvent} */ each) => recognised(now, each), known);
  return visiting(arrived);
}

/** The first time that a person's offers are on the page they have checked in, and the offers count from now on. */
function visiting(/** @type {any} */ model) {
  const offers = model.person?.offers;
  if (!offers || model.person.visited) return model;
  const campaigns = (offers.offers ?? []).map((/** @type {any} */ each) => each.campaign_id);
  const person = { ...model.person, visited: true };
  return [{ ...model, person }, { type: "visit", scan_id: model.scan_id, campaigns }];
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
  if (event.data.code_kind === "product") {
    const product = { ...event.data, code: model.code || event.data.code_shown };
    return wiped(model, { state: "product", product, guest: model.guest, until_ms: event.at_ms + IDLE_MS });
  }
  if (event.data.code_kind === "coupon" && event.data.coupon) {
    return wiped(model, { notice: "coupon", coupon: event.data.coupon, until_ms: event.at_ms + NOTICE_MS });
  }
  if (!event.data.known) {
    return wiped(model, { notice: "not_known", until_ms: event.at_ms + NOTICE_MS });
  }
  return {
    ...model,
    state: "greeting",
    typed: "",
    code: "",
    notice: null,
    scan_id: event.data.scan_id,
    person: { customer: event.data, offers: model.person?.offers ?? null, visited: false, permissions: {} },
    until_ms: event.at_ms + IDLE_MS,
  };
}

/** While we wait: ours, or kept until we know which scan is ours. @type {Move} */
function arriving(model, event) {
  if (model.waiting) return { ...model, early: [...model.early, event].slice(-EARLY_MAX) };
  return event.data.scan_id === model.scan_id ? visiting(recognised(model, event)) : model;
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
    ? visiting({ ...model, person: { ...model.person, offers: event.data } })
    : model;

/** @type {Move} */
const touched = (model, event) => ({
  ...model,
  state: model.behind ?? model.state,
  behind: null,
  until_ms: event.at_ms + IDLE_MS,
});

/** @param {any} model @param {PageEvent} event */
const isOver = (model, event) => model.until_ms !== null && event.at_ms >= model.until_ms;

/** @type {Move} */
const tickPersonal = (model, event) => {
  if (!isOver(model, event)) return model;
  // A machine that slept past the warning too shows nobody when it wakes.
  if (event.at_ms >= model.until_ms + WARNING_MS) return wiped(model);
  return { ...model, state: "warning", behind: model.state, until_ms: model.until_ms + WARNING_MS };
};

/** @type {Move} */
const tickWipe = (model, event) => (isOver(model, event) ? wiped(model) : model);

/** @type {Move} */
const tickAsking = (model, event) =>
  isOver(model, event) ? wiped(model, { notice: "not_taken", until_ms: event.at_ms + NOTICE_MS }) : model;

// ---- permissions of somebody who is known: given and taken back without a reason ----

/** @type {Move} */
const openPermissions = (model, event) => ({
  ...model,
  state: "permissions",
  shown_at: event.at,
  until_ms: event.at_ms + IDLE_MS,
});

/** A yes or no was not kept: what the page shows of it is not true, so it says so and begins anew. @type {Move} */
const unkept = (model, event) =>
  model.scan_id === event.scan_id ? wiped(model, { notice: "not_kept", until_ms: event.at_ms + NOTICE_MS }) : model;

/** @type {Move} */
const backToGreeting = (model, event) => ({ ...model, state: "greeting", until_ms: event.at_ms + IDLE_MS });

/** @type {Move} */
function decide(model, event) {
  const permissions = { ...model.person.permissions, [event.purpose]: event.given };
  const next = { ...model, person: { ...model.person, permissions }, until_ms: event.at_ms + IDLE_MS };
  const about = { scan_id: model.scan_id, shown_at: model.shown_at, request_id: event.request_id };
  return [next, { type: event.given ? "allow" : "withdraw", purpose: event.purpose, ...about }];
}

// ---- taking something along: a code for the telephone, coupons on paper ----

/** @param {any} model @param {PageEvent} event @param {object} over */
const inPerson = (model, event, over) => ({
  ...model,
  person: { ...model.person, ...over },
  until_ms: event.at_ms + IDLE_MS,
});

/** @type {Move} */
const handOver = (model, event) => [
  inPerson(model, event, { phone: { state: "asking" } }),
  { type: "hand_over", scan_id: model.scan_id },
];

/** The code came, or did not; one for somebody who has left is nobody's. @type {Move} */
const handed = (model, event) =>
  model.person !== null && event.scan_id === model.scan_id
    ? { ...model, person: { ...model.person, phone: { state: event.url ? "ready" : "failed", url: event.url } } }
    : model;

/** @type {Move} */
const closePhone = (model, event) => inPerson(model, event, { phone: null });

/** @type {Move} */
const printCoupons = (model, event) =>
  model.person.paper === "printing"
    ? model
    : [inPerson(model, event, { paper: "printing" }), { type: "print", scan_id: model.scan_id }];

/** What became of the paper. @type {Move} */
const paperTold = (model, event) =>
  model.person !== null && event.scan_id === model.scan_id
    ? { ...model, person: { ...model.person, paper: event.outcome } }
    : model;

/** Whoever asks to be erased leaves at once; the hub does the rest, and this store when the hub says so. @type {Move} */
const eraseMe = (model, event) => [
  wiped(model, { notice: "erasure_asked", until_ms: event.at_ms + NOTICE_MS }),
  { type: "erase", scan_id: model.scan_id, shown_at: model.shown_at, request_id: event.request_id },
];

/** That somebody asked to be erased was not kept, and nobody else has come since. @type {Move} */
const unkeptErasure = (model, event) =>
  model.notice === "erasure_asked" && model.gone.at(-1) === event.scan_id
    ? { ...model, notice: "not_kept", until_ms: event.at_ms + NOTICE_MS }
    : model;

/** @type {Move} */
const beginJoin = (model, event) => {
  const join = { request_id: event.request_id, contact: "", first_name: "", survey: {}, question: 0, allowed: {} };
  return { ...wiped(model), state: "join_intro", join, until_ms: event.at_ms + IDLE_MS };
};

/** @type {Move} */
function trouble(model, event) {
  if (event.data.passing) return model;
  const { [event.data.code]: _, ...others } = model.troubles;
  return { ...model, troubles: event.data.resolved ? others : { ...others, [event.data.code]: event.data } };
}

/** Under a warning over a form, a `clear` is about somebody else. @type {Move} */
const warnedClear = (model) => (model.person === null ? model : wiped(model));

/** @type {Move} */
const stale = (model, event) => ({ ...model, stale: event.data });

/** What may come from outside at any moment. `sale` concerns lanes; an answer to a form that was left is nobody's. */
const always = {
  trouble,
  stale,
  sale: stay,
  clear: wipe,
  leave: wipe,
  accepted: left,
  failed: stay,
  joined: stay,
  join_failed: stay,
  handed: stay,
  paper_told: stay,
  noted: stay,
  unkept: stay,
};

/** Nobody who is known is on the page: a `clear` concerns somebody else, a scan is somebody new. */
const empty = { ...always, clear: stay, scan: present, customer: walkingUp, offers: stay };

/** Somebody who is known is on the page, with what they may see. */
const personal = {
  ...always,
  scan: present,
  customer: updating,
  offers: offersFollow,
  touch: touched,
  handed,
  paper_told: paperTold,
  unkept,
};

/** Somebody who joins is on the page; a scan is the next person, who need not wait. */
const joining = { ...empty, touch: touched, tick: tickPersonal, back: goTo("join_intro") };

/** @type {import("./machine.js").Table} */
export const KIOSK = {
  attract: { ...empty, keypad: openKeypad, join: beginJoin, touch: stay, tick: tickWipe, unkept: unkeptErasure },
  keypad: {
    ...empty,
    key: typeKey,
    submit: presentTyped,
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
  product: { ...empty, wish, back: wipe, touch: touched, tick: tickWipe },
  greeting: {
    ...personal,
    tick: tickPersonal,
    permissions: openPermissions,
    hand_over: handOver,
    close_phone: closePhone,
    print: printCoupons,
  },
  permissions: { ...personal, tick: tickPersonal, decide, erase: eraseMe, back: backToGreeting },
  join_intro: { ...joining, go_on: goTo("join_contact"), back: wipe },
  join_contact: { ...joining, key: typeInto("contact"), go_on: contactDone },
  join_name: { ...joining, key: typeInto("first_name"), go_on: nameDone, back: goTo("join_contact") },
  join_survey: { ...joining, answer: answered, back: goTo("join_name") },
  join_permissions: { ...joining, tickBox, go_on: sendJoin, back: goTo("join_name") },
  join_sending: { ...joining, back: stay, joined, join_failed: joinFailed, tick: tickWipe },
  join_done: { ...joining, back: stay, touch: stay, tick: tickWipe },
  warning: { ...personal, tick: tickWipe, clear: warnedClear },
};
