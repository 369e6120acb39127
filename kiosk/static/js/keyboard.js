// Keys on the screen, for a kiosk without any. Every key is a button; a real keyboard works all the same.

import { html } from "../vendor/lit-html.js";

const DIGITS = "1234567890";

/** @type {Record<string, string[]>} */
const LETTERS = {
  en: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
  ru: ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбюё"],
};

/** What an address needs beside letters and digits. */
const ADDRESS = "@.-_+";

/**
 * A keyboard of letters; an address is typed in Latin letters whatever the language.
 * @param {{texts: import("./text.js").Texts, forAddress: boolean, capital: boolean,
 *          onKey: (key: string) => void}} options
 */
export function keyboard({ texts, forAddress, capital, onKey }) {
  const letters = LETTERS[forAddress ? "en" : texts.language] ?? LETTERS.en ?? [];
  const rows = [...(forAddress ? [DIGITS] : []), ...letters, forAddress ? ADDRESS : "-’"];
  const shown = (/** @type {string} */ key) => (capital ? key.toLocaleUpperCase(texts.language) : key);
  return html`<div class="keyboard" role="group" aria-label=${texts.say("keyboard")}>
    ${rows.map(
      (row, index) =>
        html`<div class="keyboard-row">
          ${Array.from(row, (key) => html`<button @click=${() => onKey(shown(key))}>${shown(key)}</button>`)}
          ${index === rows.length - 1
            ? html`${forAddress
                  ? ""
                  : html`<button class="long" aria-label=${texts.say("key_space")} @click=${() => onKey(" ")}>␣</button>`}
                <button class="long" aria-label=${texts.say("key_erase")} @click=${() => onKey("erase")}>⌫</button>`
            : ""}
        </div>`,
    )}
  </div>`;
}

/** The keys of a telephone. @param {{texts: import("./text.js").Texts, onKey: (key: string) => void}} options */
export function phoneKeys({ texts, onKey }) {
  return html`<div class="keys">
    ${Array.from("123456789+0", (key) => html`<button @click=${() => onKey(key)}>${key}</button>`)}
    <button aria-label=${texts.say("key_erase")} @click=${() => onKey("erase")}>⌫</button>
  </div>`;
}
