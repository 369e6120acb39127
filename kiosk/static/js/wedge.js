// A scanner that types: keys within a few milliseconds of each other, ended by Enter, wherever the focus is.
//
// Nobody types faster than a key in 25 ms for six keys on end; a scanner sends one every 1 to 10 ms. From the third
// key of a burst on, keys are kept from the field that has the focus; when the burst proves to be a code, the field is
// put back to what it was before the first of them. A burst that dies without Enter is given to nobody.

/** Longest time between two keys of one code. Scanners set to 10 ms a key on a busy PC were seen to take 25. */
export const GAP_MS = 35;
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
    this._last_ms = Number.NEGATIVE_INFINITY;
  }

  /**
   * Take one pressed key and say what becomes of it.
   * @param {Key} key
   * @returns {Verdict}
   */
  press({ key, at_ms }) {
    const follows = at_ms - this._last_ms <= GAP_MS;
    this._last_ms = at_ms;
    if (key === "Enter") return this._end(follows);
    if (key.length !== 1) {
      // Shift comes before each capital letter of a burst and is no part of it.
      if (key !== "Shift") this._keys = "";
      return { swallow: false, code: null, began: false };
    }
    this._keys = follows ? (this._keys + key).slice(0, LENGTH_MAX + 1) : key;
    return { swallow: this._keys.length > 2, code: null, began: this._keys.length === 1 };
  }

  /** @param {boolean} follows @returns {Verdict} */
  _end(follows) {
    const keys = this._keys;
    this._keys = "";
    const whole = follows && keys.length >= LENGTH_MIN && keys.length <= LENGTH_MAX;
    return { swallow: whole, code: whole ? keys : null, began: false };
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
