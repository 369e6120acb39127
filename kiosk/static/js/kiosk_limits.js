// How long a kiosk waits and shows, and how much can be typed there.

/** A minute in all between the last touch and an empty page, of which the customer is asked for the last 20 s. */
export const IDLE_MS = 40_000;
/** WCAG 2.2.1: at least 20 s and one simple action to go on. */
export const WARNING_MS = 20_000;
/** Core answers in milliseconds; after this long it will not answer this person any more. */
export const ANSWER_MS = 6_000;
/** A notice ("not known here") is read in this time. */
export const NOTICE_MS = 12_000;
/** What can be typed: a phone with country code is 15 digits, a card number up to 24. */
export const TYPED_MAX = 24;
export const TYPED_MIN = 4;
/** An address or a name that is longer is no address and no name. */
export const TEXT_MAX = 60;
/** "Thank you" is read in this time. */
export const DONE_MS = 20_000;
/** The programme's own terms: without them nobody is a member (kiosk/ledger.py). */
export const MEMBERSHIP = "membership";
