// Pieces that several pages draw alike.

import { html, nothing } from "../vendor/lit-html.js";
import { LANGUAGE_NAMES, LANGUAGES } from "./text.js";

/** @typedef {import("./text.js").Texts} Texts */

/** Seconds since `as_of`; never negative, whatever the clocks say. @param {string} as_of */
export const ageOf = (as_of) => Math.max(0, (Date.now() - Date.parse(as_of)) / 1000);

/**
 * How old what is shown is. @param {{as_of: string | undefined, alive: boolean, texts: Texts}} shown
 */
export function age({ as_of, alive, texts }) {
  const words = as_of === undefined ? texts.say("live") : texts.say("as_of", { age: texts.age(ageOf(as_of)) });
  return html`<span class="age ${alive ? "" : "away"}">${alive ? words : texts.say("agent_away")}</span>`;
}

/**
 * One line of what is wrong and what to do: the worst only; nothing when nothing is.
 * @param {{troubles: Record<string, any>, stale: any, alive: boolean, texts: Texts}} known
 */
export function care({ troubles, stale, alive, texts }) {
  const [first] = Object.values(troubles);
  if (!alive) return careLine(texts.say("agent_away"), texts.say("agent_away_fix"));
  if (first !== undefined) {
    const translated = texts.has(first.code);
    return careLine(
      translated ? texts.say(first.code, first) : first.message,
      translated && texts.has(`${first.code}_fix`) ? texts.say(`${first.code}_fix`) : first.fix,
    );
  }
  if (stale?.stale) return careLine(hubAway(stale, texts), texts.say("hub_away_fix"));
  return html`<div role="status" hidden></div>`;
}

/** @param {any} stale @param {Texts} texts */
function hubAway(stale, texts) {
  if (!stale.hub_last_contact) return texts.say("hub_away_never");
  return texts.say("hub_away", { age: texts.age(ageOf(stale.hub_last_contact)) });
}

/** @param {string} what @param {string} fix */
const careLine = (what, fix) => html`<div class="care" role="status"><strong>${what}</strong><span>${fix}</span></div>`;

/**
 * The switch between languages, of those that the chain offers.
 * @param {{texts: Texts, onChoose: (language: string) => void, offered?: string[]}} options
 */
export function languages({ texts, onChoose, offered = LANGUAGES }) {
  if (offered.length < 2) return nothing;
  return html`<div class="row" role="group" aria-label=${texts.say("language")}>
    ${LANGUAGES.filter((each) => offered.includes(each)).map(
      (each) =>
        html`<button
          class="plain"
          lang=${each}
          aria-pressed=${each === texts.language ? "true" : "false"}
          @click=${() => onChoose(each)}
        >
          ${LANGUAGE_NAMES[each]}
        </button>`,
    )}
  </div>`;
}

/** Where the picture of a QR code is. @param {string} text */
export const qrAddress = (text) => `/v1/qr.svg?text=${encodeURIComponent(text)}`;

/** Core gives reasons as clauses of the campaign's rule, "so: best"; what did not exclude somebody is no reason. */
const CLAUSE = "so: ";
const EXCLUSION = /^so: not /;

/**
 * Why somebody sees an offer, for them to read. @param {string[]} why @param {Texts} texts
 */
function reasons(why, texts) {
  return why
    .filter((each) => !EXCLUSION.test(each))
    .map((each) => (each.startsWith(CLAUSE) ? texts.say("why_rule", { rule: each.slice(CLAUSE.length) }) : each));
}

/**
 * One offer as a card. @param {any} offer @param {Texts} texts
 */
export function offerCard(offer, texts) {
  const why = reasons(offer.why ?? [], texts);
  return html`<li class="card arrives">
    ${offer.picture ? html`<img src=${offer.picture} alt="" />` : nothing}
    <h2>${offer.title ?? offer.text}</h2>
    ${offer.title && offer.text && offer.text !== offer.title ? html`<p>${offer.text}</p>` : nothing}
    ${why.length > 0
      ? html`<details>
          <summary>${texts.say("why")}</summary>
          ${why.map((/** @type {string} */ each) => html`<p>${each}</p>`)}
        </details>`
      : nothing}
    ${offer.valid_until
      ? html`<p class="until">${texts.say("valid_until", { day: texts.day(offer.valid_until) })}</p>`
      : nothing}
  </li>`;
}
