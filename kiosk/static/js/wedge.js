// A scanner that types: keys within a few milliseconds of each other, ended by Enter, wherever the focus is.
//
// Keys are let through as they come, since only the end tells a scanner from a person; when the burst proves to be a
// code, its Enter is kept from the page and the field that had the focus is put back to what it was before the first
// key. (A space would press a focused button, so it is kept back within a burst.) A burst without Enter is typing.

/** A scanner sends a key every 1 to 10 ms, at most 30; nobody types 33 keys a second. */
export const PER_KEY_MS = 30;
/** After a pause of this length something new begins: people type a key in 100 to 300 ms. */
export const PAUSE_MS = 100;
/** But a busy PC may hold up one key of a code for so long; what follows is still that code, not a shorter one. */
export const STUTTER_MS = 500;
/** Shorter bursts are a person's roll over neighbouring keys. */
export const LENGTH_MIN = 6;
/** The longest code we take (kiosk/api.py says the same). */
export const LENGTH_MAX = 512;

/**
 * @typedef {{key: string, at_ms: number}} Key
 * @typedef {{swallow: boolean, code: string | null, began: boolean}} Verdict
 *   swallow: keep this key from the page; code: a whole code, now; began: this key may be a burst's first
 */

export class Wedge {
  constructor() {
    this._keys = "";
    this._began_ms = 0;
    this._last_ms = Number.NEGATIVE_INFINITY;
    this._longest_ms = 0;
  }

  /**
   * Take one pressed key and say what becomes of it.
   * @param {Key} key
   * @returns {Verdict}
   */
  press({ key, at_ms }) {
    const gap_ms = at_ms - this._last_ms;
    const goes_on = this._keys !== "" && gap_ms <= (this._isFast(this._last_ms) ? STUTTER_MS : PAUSE_MS);
    if (key === "Enter") return this._end(goes_on, at_ms);
    if (key.length !== 1) {
      // Shift comes before each capital letter of a burst and is no part of it.
      if (key !== "Shift") this._keys = "";
      return { swallow: false, code: null, began: false };
    }
    if (!goes_on) this._begin(at_ms);
    else this._longest_ms = Math.max(this._longest_ms, gap_ms);
    this._last_ms = at_ms;
    this._keys = (this._keys + key).slice(0, LENGTH_MAX + 1);
    return { swallow: key === " " && this._isFast(at_ms), code: null, began: !goes_on };
  }

  /** @param {number} at_ms */
  _begin(at_ms) {
    this._keys = "";
    this._began_ms = at_ms;
    this._longest_ms = 0;
  }

  /** @param {boolean} goes_on @param {number} at_ms @returns {Verdict} */
  _end(goes_on, at_ms) {
    this._longest_ms = Math.max(this._longest_ms, at_ms - this._last_ms);
    const fits = this._keys.length >= LENGTH_MIN && this._keys.length <= LENGTH_MAX;
    const code = goes_on && fits && this._isFast(at_ms) ? this._keys : null;
    this._keys = "";
    return { swallow: code !== null, code, began: false };
  }

  /** Whether so many keys until then are faster than a person, but for the one longest wait. @param {number} at_ms */
  _isFast(at_ms) {
    const without_longest_ms = at_ms - this._began_ms - this._longest_ms;
    return this._keys.length > 2 && without_longest_ms <= this._keys.length * PER_KEY_MS;
  }
}

/**
 * Listen on the whole page and call `onCode` for every code that a scanner typed, whatever has the focus.
 * @param {Document} page
 * @param {(code: string) => void} onCode
 */
export function listenForWedge(page, onCode) {
  const wedge = new Wedge();
  /** @type {{field: HTMLInputElement, value: string, start: number | null} | null} */
  let before = null;
  page.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      const verdict = wedge.press({ key: event.key, at_ms: event.timeStamp });
      if (verdict.began) before = snapshot(page.activeElement);
      if (verdict.swallow) {
        event.preventDefault();
        event.stopPropagation();
      }
      if (verdict.code !== null) {
        restore(before);
        onCode(verdict.code);
      }
    },
    { capture: true },
  );
}

/** @param {Element | null} element */
function snapshot(element) {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return null;
  const field = /** @type {HTMLInputElement} */ (element);
  return { field, value: field.value, start: field.selectionStart };
}

/** @param {{field: HTMLInputElement, value: string, start: number | null} | null} before */
function restore(before) {
  if (before === null || before.field.value === before.value) return;
  before.field.value = before.value;
  if (before.start !== null) before.field.setSelectionRange(before.start, before.start);
  before.field.dispatchEvent(new Event("input", { bubbles: true }));
}
