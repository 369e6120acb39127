// What the kiosk shows to somebody who joins, step by step. Drawing only: what happens is in kiosk_table.js.

import { html, nothing } from "../vendor/lit-html.js";
import { keyboard, phoneKeys } from "./keyboard.js";
import { MEMBERSHIP } from "./kiosk_limits.js";

/**
 * @typedef {{model: any, texts: import("./text.js").Texts, content: any, inAddress: boolean,
 *            send: (type: string, data?: object) => void, onOtherKeys: () => void}} Step
 */

/** The step of joining that the model is at. @param {Step} step */
export function joinStep(step) {
  switch (step.model.state) {
    case "join_intro":
      return intro(step);
    case "join_contact":
      return contact(step);
    case "join_name":
      return name(step);
    case "join_survey":
      return survey(step);
    case "join_permissions":
      return permissions(step);
    case "join_sending":
      return html`<h1>${step.texts.say("one_moment")}</h1>`;
    default:
      return done(step);
  }
}

/** The service first: what one gets, before anything is asked. @param {Step} step */
function intro({ texts, send }) {
  return html`<div class="step">
    <h1>${texts.say("join_title")}</h1>
    <ul class="gains">
      ${["join_gain_points", "join_gain_receipt", "join_gain_offers"].map((key) => html`<li>${texts.say(key)}</li>`)}
    </ul>
    <div class="row">${onwards(texts, send, "go_on", {})}</div>
  </div>`;
}

/** @param {Step} step */
function contact({ model, texts, send, inAddress, onOtherKeys }) {
  const press = (/** @type {string} */ key) => send("key", { key });
  return html`<div class=${inAddress ? "step" : "keypad"}>
    <h1><label for="told">${texts.say(inAddress ? "join_email" : "join_phone")}</label></h1>
    ${told(model.join.contact, inAddress ? "email" : "tel", send)}
    <p role="status" class="quiet">${model.notice === null ? texts.say("join_contact_why") : texts.say(model.notice)}</p>
    ${inAddress ? keyboard({ texts, forAddress: true, capital: false, onKey: press }) : phoneKeys({ texts, onKey: press })}
    <div class="row go">
      ${onwards(texts, send, "go_on", {})}
      <button class="plain" @click=${onOtherKeys}>${texts.say(inAddress ? "join_phone_instead" : "join_email_instead")}</button>
    </div>
  </div>`;
}

/** @param {Step} step */
function name({ model, texts, send, content }) {
  const questions = (content.survey ?? []).length;
  const capital = model.join.first_name === "" || model.join.first_name.endsWith(" ");
  return html`<div class="step">
    <h1><label for="told">${texts.say("join_name")}</label></h1>
    ${told(model.join.first_name, "text", send)}
    ${keyboard({ texts, forAddress: false, capital, onKey: (key) => send("key", { key }) })}
    <div class="row">${onwards(texts, send, model.join.first_name === "" ? "skip" : "go_on", { questions })}</div>
  </div>`;
}

/** One question a page, and none that must be answered. @param {Step} step */
function survey({ model, texts, send, content }) {
  const questions = content.survey ?? [];
  const asked = questions[model.join.question];
  if (asked === undefined) return nothing;
  const about = { question_id: asked.question_id, questions: questions.length };
  return html`<div class="step">
    <p class="quiet">${texts.say("join_question", { at: model.join.question + 1, of: questions.length })}</p>
    <h1>${wording(asked.text, texts, content)}</h1>
    <div class="answers">
      ${Object.entries(asked.answers).map(
        ([answer, words]) =>
          html`<button @click=${() => send("answer", { ...about, answer })}>${wording(words, texts, content)}</button>`,
      )}
    </div>
    <div class="row">
      <button @click=${() => send("back")}>${texts.say("back")}</button>
      <button @click=${() => send("answer", about)}>${texts.say("skip")}</button>
    </div>
  </div>`;
}

/** Each purpose apart, its whole text, nothing ticked before. @param {Step} step */
function permissions({ model, texts, send, content }) {
  const isTerms = (/** @type {any} */ each) => each.purpose === MEMBERSHIP;
  const all = content.consents ?? [];
  const consents = [...all.filter(isTerms), ...all.filter((/** @type {any} */ each) => !isTerms(each))];
  return html`<div class="step">
    <h1>${texts.say("join_permissions")}</h1>
    <fieldset>
      <legend class="unseen">${texts.say("join_permissions")}</legend>
      ${consents.map(
        (each) =>
          html`<label class="permission">
            <input
              type="checkbox"
              .checked=${Boolean(model.join.allowed[each.purpose])}
              @change=${(/** @type {any} */ event) =>
                send("tickBox", { purpose: each.purpose, given: event.target.checked })}
            />
            <span>${wording(each.text, texts, content)}</span>
          </label>`,
      )}
    </fieldset>
    <p role="alert">${model.notice === null ? "" : texts.say(model.notice)}</p>
    <div class="row">${onwards(texts, send, "join_now", {})}</div>
  </div>`;
}

/** @param {Step} step */
function done({ model, texts }) {
  const first_name = model.join.first_name.trim();
  return html`<div class="step">
    <h1>${first_name ? texts.say("join_done_name", { name: first_name }) : texts.say("join_done")}</h1>
    <p class="lead">${texts.say(model.join.confirm_by ? `join_confirm_${model.join.confirm_by}` : "join_done_more")}</p>
  </div>`;
}

/** What was typed, as a field that a keyboard of any kind can write into. @param {string} value @param {string} mode @param {Step["send"]} send */
function told(value, mode, send) {
  return html`<input
    id="told"
    class="told"
    inputmode="none"
    autocomplete="off"
    autocapitalize="off"
    spellcheck="false"
    data-kind=${mode}
    .value=${value}
    @input=${(/** @type {any} */ event) => send("key", { value: event.target.value })}
  />`;
}

/** @param {Step["texts"]} texts @param {Step["send"]} send @param {string} label @param {object} data */
const onwards = (texts, send, label, data) =>
  html`<button @click=${() => send("back")}>${texts.say("back")}</button>
    <button class="main" @click=${() => send("go_on", data)}>${texts.say(label)}</button>`;

/** @param {Record<string, string>} words @param {Step["texts"]} texts @param {any} content */
export const wording = (words, texts, content) =>
  words[texts.language] ?? words[content.language] ?? Object.values(words)[0] ?? "";
