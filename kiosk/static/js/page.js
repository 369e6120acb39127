// What every page does alike: hold the model, send events through the table, draw, tick, follow its place.

import { IllegalMove, step } from "./machine.js";
import { loadTexts, LANGUAGES } from "./text.js";

/** Ages and deadlines are shown in seconds. */
const TICK_MS = 500;
/** What the browser keeps of a person's choice of language. */
const LANGUAGE_KEY = "tillstream.language";

/** Listeners for the theme are set once a page. */
let dressed = false;

/** @typedef {import("./machine.js").Effect} Effect */

export class Page {
  /**
   * @param {{table: import("./machine.js").Table, model: any, draw: (model: any) => void,
   *          perform: (effect: Effect) => void}} parts
   */
  constructor({ table, model, draw, perform }) {
    this._table = table;
    this.model = model;
    this._draw = draw;
    this._perform = perform;
  }

  /** Let something happen. What the table does not allow now changes nothing. @param {string} type @param {object} [data] */
  send(type, data = {}) {
    let result;
    try {
      result = step(this._table, this.model, { type, at_ms: performance.now(), at: new Date().toISOString(), ...data });
    } catch (error) {
      if (!(error instanceof IllegalMove)) throw error;
      console.warn(error.message);
      return;
    }
    const changed = result.model !== this.model;
    this.model = result.model;
    if (changed) this._draw(this.model);
    for (const effect of result.effects) this._perform(effect);
  }

  /** Begin to tick; draws once. */
  start() {
    this._draw(this.model);
    setInterval(() => {
      this.send("tick");
      this._draw(this.model);
    }, TICK_MS);
  }
}

/** Return the last part of the address: the workstation or kiosk this page stands at. @param {string} fallback */
export function placeOf(fallback) {
  const parts = location.pathname.split("/").filter(Boolean);
  return decodeURIComponent(parts[1] ?? fallback);
}

/** Keep the files for a reload without the agent. */
export function keepForBadDays() {
  // On plain http from another machine there is no service worker; the page works, but a reload then needs the agent.
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});
}

/** The language chosen on this screen, else the store's. @param {string} ofStore */
export function chosenLanguage(ofStore) {
  const kept = localStorage.getItem(LANGUAGE_KEY);
  return kept !== null && LANGUAGES.includes(kept) ? kept : ofStore;
}

/** @param {string} language */
export function keepLanguage(language) {
  localStorage.setItem(LANGUAGE_KEY, language);
}

/** The chain's colours over ours; the agent has seen to it that they can be read. @param {Record<string, string>} [theme] */
export function wearTheme(theme = {}) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const wear = () => {
    const chosen = document.documentElement.dataset.theme;
    const suffix = (chosen ? chosen === "dark" : dark.matches) ? "_dark" : "";
    for (const name of ["accent", "on_accent"]) {
      const colour = theme[name + suffix];
      if (colour) document.documentElement.style.setProperty(`--${name.replace("_", "-")}`, colour);
      else document.documentElement.style.removeProperty(`--${name.replace("_", "-")}`);
    }
  };
  wear();
  dark.addEventListener("change", wear);
  new MutationObserver(wear).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

/** Load a language and say so to the browser (hyphenation, speech, screen readers). @param {string} language @param {any} content */
export async function speakLanguage(language, content) {
  const { timezone, currency, country } = content;
  const texts = await loadTexts(language, { timezone, currency, country });
  document.documentElement.lang = texts.language;
  if (!dressed) wearTheme(content.theme);
  dressed = true;
  return texts;
}
