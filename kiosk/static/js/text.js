// Words, numbers, money, dates and ages in the reader's language. Texts are JSON files, one a language, same keys.

/** Languages with a complete text file; the first is the one to fall back on. */
export const LANGUAGES = ["en", "ru"];

/** Each language's own name for itself. */
export const LANGUAGE_NAMES = /** @type {Record<string, string>} */ ({ en: "English", ru: "Русский" });

/**
 * @typedef {string | Record<string, string>} Wording  a text, or one a plural category
 */

export class Texts {
  /**
   * @param {string} language
   * @param {Record<string, Wording>} words
   * @param {{timezone?: string, currency?: string, country?: string}} [store]
   */
  constructor(language, words, store = {}) {
    this.language = language;
    // The words of the reader, the habits of the country: English in Berlin writes 12 December.
    this.locale = store.country ? `${language}-${store.country}` : language;
    this._words = words;
    this._store = store;
    this._plural = new Intl.PluralRules(language);
  }

  /**
   * Return the text of `key` with `{name}` filled in; `n` chooses among plural forms.
   * @param {string} key @param {Record<string, any>} [values]
   * @returns {string}
   */
  say(key, values = {}) {
    const wording = this._words[key];
    if (wording === undefined) return key;
    const text = typeof wording === "string" ? wording : this._form(wording, values.n ?? 0);
    return text.replace(/\{(\w+)\}/g, (_, name) => this._show(values[name]));
  }

  /** Return whether there is a text of that key. @param {string} key */
  has(key) {
    return this._words[key] !== undefined;
  }

  /** @param {Record<string, string>} forms @param {number} n */
  _form(forms, n) {
    return forms[this._plural.select(n)] ?? forms.other ?? "";
  }

  /** Numbers as the reader's language groups them: English in Berlin has €1,240.00 but 1.240. @param {any} value */
  _show(value) {
    if (typeof value === "number") return value.toLocaleString(this.language);
    return value === undefined || value === null ? "" : String(value);
  }

  /** @param {string} amount decimal string @param {string} [currency] */
  money(amount, currency = this._store.currency) {
    const value = Number(amount);
    if (currency === undefined || currency === "" || Number.isNaN(value)) return amount;
    return value.toLocaleString(this.locale, { style: "currency", currency });
  }

  /** @param {string} day ISO date */
  day(day) {
    const at = new Date(`${day.slice(0, 10)}T12:00:00Z`);
    if (Number.isNaN(at.getTime())) return day;
    const sameYear = at.getUTCFullYear() === new Date().getUTCFullYear();
    return at.toLocaleDateString(this.locale, {
      day: "numeric",
      month: "long",
      timeZone: "UTC",
      ...(sameYear ? {} : { year: "numeric" }),
    });
  }

  /** @param {string} day ISO date */
  monthAndYear(day) {
    const at = new Date(`${day.slice(0, 10)}T12:00:00Z`);
    if (Number.isNaN(at.getTime())) return day;
    return at.toLocaleDateString(this.locale, { month: "long", year: "numeric", timeZone: "UTC" });
  }

  /** @param {string} at ISO time */
  time(at) {
    const time = new Date(at);
    if (Number.isNaN(time.getTime())) return "";
    return time.toLocaleTimeString(this.locale, {
      hour: "2-digit",
      minute: "2-digit",
      ...(this._store.timezone ? { timeZone: this._store.timezone } : {}),
    });
  }

  /** Day and time, as the store's clock shows them. @param {string} at ISO time */
  moment(at) {
    return `${this.day(at)}, ${this.time(at)}`;
  }

  /** How long ago, in whole words; @param {number} age_s */
  age(age_s) {
    if (age_s < 60) return this.say("age_now");
    if (age_s < 3_600) return this.say("age_minutes", { n: Math.floor(age_s / 60) });
    if (age_s < 86_400) return this.say("age_hours", { n: Math.floor(age_s / 3_600) });
    return this.say("age_days", { n: Math.floor(age_s / 86_400) });
  }
}

/**
 * Load a language's texts; an unknown language gets the first of LANGUAGES.
 * @param {string} language @param {{timezone?: string, currency?: string, country?: string}} [store]
 */
export async function loadTexts(language, store = {}) {
  const known = LANGUAGES.includes(language) ? language : LANGUAGES[0];
  const response = await fetch(`/static/texts/${known}.json`);
  return new Texts(String(known), await response.json(), store);
}
