// What the cashier should say: at most two sentences, the most important first.
//
// The rank is by what the customer loses if it is not said now: an offer for this basket, points about to expire, a
// birthday, a permission that is missing, a coupon in the hand. Core ranks the offers; each brings the campaign's own
// text for the cashier. (Core's `sentences` are for screens without such a page: they begin with a greeting.)

/** Two sentences are said in five seconds; a third is never said. */
export const SENTENCES_MAX = 2;

/**
 * Return what to say, as texts.
 * @param {{customer: any, offers: any}} known
 * @param {import("./text.js").Texts} texts
 * @returns {string[]}
 */
export function sentencesFor({ customer, offers }, texts) {
  const own = (offers?.offers ?? []).map((/** @type {any} */ each) => each.cashier ?? each.text);
  const ranked = [...own.filter(Boolean)];
  const expiring = customer?.points_expiring;
  if (expiring?.points) {
    ranked.push(texts.say("say_points_expire", { n: expiring.points, day: texts.day(expiring.on) }));
  }
  if (customer?.birthday_soon) ranked.push(texts.say("say_birthday"));
  // Who has said no here is not asked at every till: false is a no, and only what is not there is missing.
  if (customer?.permissions && customer.permissions.offers === undefined) ranked.push(texts.say("say_ask_permission"));
  const coupon = customer?.coupons?.[0];
  if (coupon) ranked.push(texts.say("say_coupon", { title: coupon.title }));
  return ranked.slice(0, SENTENCES_MAX);
}

/**
 * Return what the slip will carry, as texts; empty when nothing is printed.
 * @param {any} offers
 * @returns {string[]}
 */
export function paperFor(offers) {
  return offers?.paper ?? [];
}
