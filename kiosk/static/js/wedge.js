// A scanner that types: keys within a few milliseconds of each other, ended by Enter, wherever the focus is.
//
// Keys are let through as they come, since only the end tells a scanner from a person; when the burst proves to be a
// code (times are the events' own, so a busy page reads them right), its Enter is kept from the page and the field that had the focus is put back to what it was before the first
// key. (A space would press a focused button, so it is kept back within a burst.) A burst without Enter is typing.

/** A scanner sends a key every 1 to 10 ms, at most 30; nobody types 33 keys a second. */
export const PER_KEY_MS = 30;
/** After a longer gap a new run of keys begins: people type a key in 80 to 300 ms. */
export const RUN_GAP_MS = 50;
/** But a busy PC may hold a code up: what follows a run of a scanner within this time is still that code. */
export const STUTTER_MS = 500;
/** So often, at most, in one code. */
export const STUTTERS_MAX = 3;
/** Fewer keys on end than this tell nobody whose they are. */
export const RUN_LENGTH_MIN = 3;
/** Shorter bursts are a person's roll over neighbouring keys. */
export const LENGTH_MIN = 6;
/** The longest code we take (kiosk/api.py says the same). */
export const LENGTH_MAX = 512;

/**
 * @typedef {{key: string, at_ms: number}} Key
 * @typedef {{swallow: boolean, code: string | null, ordinal: number, began: boolean, first: number}} Verdict
 *   swallow: keep this key from the page; code: a whole code, now; ordinal: this key's number; began: a run begins
 *   with it, so it may be a code's first; first: the number of the code's first key
 */

export class Wedge {
  constructor() {
    /** @type {Key[]} */
    this._keys = [];
    this._ordinal = 0;
  }

  /**
   * Take one pressed key and say what becomes of it.
   * @param {Key} key
   * @returns {Verdict}
   */
  press({ key, at_ms }) {
    if (key === "Enter") return this._end(at_ms);
    if (key.length !== 1) {
      // Shift comes before each capital letter of a burst and is no part of it.
      if (key !== "Shift") this._keys = [];
      return this._verdict({});
    }
    const began = this._gap(at_ms) > RUN_GAP_MS;
    if (this._gap(at_ms) > STUTTER_MS) this._keys = [];
    this._keys.push({ key, at_ms });
    this._ordinal += 1;
    if (this._keys.length > LENGTH_MAX + 1) this._keys.shift();
    return this._verdict({ swallow: key === " " && this._runLength() >= RUN_LENGTH_MIN, began });
  }

  /** Decide at Enter: the keys before it, back to where a person or nobody typed. @param {number} at_ms @returns {Verdict} */
  _end(at_ms) {
    const keys = this._keys;
    this._keys = [];
    const stutters = at_ms - (keys.at(-1)?.at_ms ?? Number.NEGATIVE_INFINITY) > RUN_GAP_MS ? 1 : 0;
    if (keys.length === 0 || at_ms - /** @type {Key} */ (keys.at(-1)).at_ms > STUTTER_MS) return this._verdict({});
    const code = keys.slice(firstOfCode(keys, stutters));
    const fits = code.length >= LENGTH_MIN && code.length <= LENGTH_MAX;
    if (!fits) return this._verdict({});
    const text = code.map((each) => each.key).join("");
    return this._verdict({ swallow: true, code: text, first: this._ordinal - code.length + 1 });
  }

  /** Time since the last key. @param {number} at_ms */
  _gap(at_ms) {
    return at_ms - (this._keys.at(-1)?.at_ms ?? Number.NEGATIVE_INFINITY);
  }

  /** How many keys the present run has. */
  _runLength() {
    return this._keys.length - runStart(this._keys, this._keys.length - 1);
  }

  /** @param {Partial<Verdict>} over @returns {Verdict} */
  _verdict(over) {
    return { swallow: false, code: null, ordinal: this._ordinal, began: false, first: 0, ...over };
  }
}

/** Where the run that ends at `last` begins. @param {Key[]} keys @param {number} last */
function runStart(keys, last) {
  let start = last;
  while (start > 0 && at(keys, start) - at(keys, start - 1) <= RUN_GAP_MS) start -= 1;
  return start;
}

/**
 * Where the code that ends with the last key begins: run by run backwards, while they are a scanner's.
 *
 * A code that stuttered more often than we bear is no code: half of one would be somebody else's, or nobody's.
 * @param {Key[]} keys @param {number} stutters
 * @returns {number} the number of keys where no scanner typed, or not well enough
 */
function firstOfCode(keys, stutters) {
  let first = keys.length;
  for (let last = keys.length - 1; last >= 0; stutters += 1) {
    const start = runStart(keys, last);
    const length = last - start + 1;
    const isFast = at(keys, last) - at(keys, start) <= length * PER_KEY_MS;
    // The last run may be short: a stutter just before the end leaves one key.
    if (!isFast || (length < RUN_LENGTH_MIN && first !== keys.length)) return first;
    if (stutters > STUTTERS_MAX) return keys.length;
    first = start;
    last = start - 1;
  }
  return first;
}

/** @param {Key[]} keys @param {number} index */
const at = (keys, index) => /** @type {Key} */ (keys[index]).at_ms;

/** Enough for every run of one code, and the person's key before it. */
const SNAPSHOTS_MAX = STUTTERS_MAX + 2;

/**
 * Listen on the whole page and call `onCode` for every code that a scanner typed, whatever has the focus.
 * @param {Document} page
 * @param {(code: string) => void} onCode
 */
export function listenForWedge(page, onCode) {
  const wedge = new Wedge();
  /** @type {Map<number, ReturnType<typeof snapshot>>} */
  const before = new Map();
  page.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
      const verdict = wedge.press({ key: event.key, at_ms: event.timeStamp });
      if (verdict.began) {
        before.set(verdict.ordinal, snapshot(page.activeElement));
        if (before.size > SNAPSHOTS_MAX) before.delete(/** @type {number} */ (before.keys().next().value));
      }
      if (verdict.swallow) {
        event.preventDefault();
        event.stopPropagation();
      }
      if (verdict.code !== null) {
        restore(before.get(verdict.first) ?? null);
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
