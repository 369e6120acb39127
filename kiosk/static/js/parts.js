// Pieces that several pages draw alike.

import { html, nothing } from "../vendor/lit-html.js";
import { readable, reasons } from "./explained.js";
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
      translated ? texts.say(first.code, readable(first, texts)) : first.message,
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

/** The bundle's picture that bears the campaign's name. @param {any} offer @param {string[]} pictures */
function pictureOf(offer, pictures) {
  const name = pictures.find((each) => each.replace(/\.[^.]+$/, "") === offer.campaign_id);
  return name === undefined ? nothing : html`<img src=${`/content/${name}`} alt="" />`;
}

/**
 * One offer as a card. @param {any} offer @param {Texts} texts @param {string[]} [pictures] the content's
 */
export function offerCard(offer, texts, pictures = []) {
  const why = reasons(offer.why ?? [], texts);
  return html`<li class="card arrives">
    ${pictureOf(offer, pictures)}
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
