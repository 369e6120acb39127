// What somebody who joins does, step by step: a service first, then a contact, a name, a question or two, permissions, a
// second yes by message. Rows of the kiosk's table (kiosk_table.js), which alone begins and ends it.

import { DONE_MS, IDLE_MS, MEMBERSHIP, TEXT_MAX } from "./kiosk_limits.js";

/** @typedef {import("./machine.js").PageEvent} PageEvent */
/** @typedef {import("./machine.js").Move} Move */

/** @param {string} value @param {string} key @param {number} longest */
export const typedOn = (value, key, longest) => (key === "erase" ? value.slice(0, -1) : value + key).slice(0, longest);

/** @param {any} model @param {PageEvent} event @param {object} over @param {string} [state] */
const inJoin = (model, event, over, state = model.state) => ({
  ...model,
  state,
  notice: null,
  until_ms: event.at_ms + IDLE_MS,
  join: { ...model.join, ...over },
});

/** @param {string} field @returns {Move} */
export const typeInto = (field) => (model, event) =>
  inJoin(model, event, {
    [field]: (event.value ?? typedOn(model.join[field], event.key, TEXT_MAX)).slice(0, TEXT_MAX),
  });

/** @param {string} state @returns {Move} */
export const goTo = (state) => (model, event) => inJoin(model, event, {}, state);

/** What an address or a phone number looks like; the agent looks again (kiosk/members.py). @param {string} contact */
export const isContact = (contact) =>
  /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(contact.trim()) || contact.replace(/\D/g, "").length >= 7;

/** @type {Move} */
export const contactDone = (model, event) =>
  isContact(model.join.contact)
    ? inJoin(model, event, {}, "join_name")
    : { ...inJoin(model, event, {}), notice: "contact_wrong" };

/** @type {Move} */
export const nameDone = (model, event) =>
  event.questions > 0
    ? inJoin(model, event, { question: 0 }, "join_survey")
    : inJoin(model, event, { shown_at: event.at }, "join_permissions");

/** An answer, or none, and on to the next question; `questions` is how many there are. @type {Move} */
export function answered(model, event) {
  const survey =
    event.answer === undefined ? model.join.survey : { ...model.join.survey, [event.question_id]: event.answer };
  const question = model.join.question + 1;
  return question < event.questions
    ? inJoin(model, event, { survey, question })
    : inJoin(model, event, { survey, question, shown_at: event.at }, "join_permissions");
}

/** @type {Move} */
export const tickBox = (model, event) =>
  inJoin(model, event, { allowed: { ...model.join.allowed, [event.purpose]: event.given } });

/** @type {Move} */
export function sendJoin(model, event) {
  if (!model.join.allowed[MEMBERSHIP]) return { ...inJoin(model, event, {}), notice: "form_terms_missing" };
  return [inJoin(model, event, {}, "join_sending"), { type: "join", join: model.join }];
}

/** @type {Move} */
export const joined = (model, event) =>
  event.request_id === model.join.request_id
    ? { ...inJoin(model, event, { confirm_by: event.confirm_by }, "join_done"), until_ms: event.at_ms + DONE_MS }
    : model;

/** @type {Move} */
export const joinFailed = (model, event) =>
  event.request_id === model.join.request_id
    ? { ...inJoin(model, event, {}, "join_permissions"), notice: "not_taken" }
    : model;
