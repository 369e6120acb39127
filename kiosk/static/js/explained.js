// What core decided, in a reader's words: why an offer is theirs, and how a coupon stands.

/** @typedef {import("./text.js").Texts} Texts */

/** Core gives reasons as clauses of the campaign's rule, "so: best"; what did not exclude somebody is no reason. */
const CLAUSE = "so: ";
const EXCLUSION = /^so: not /;

/** The rule language's conditions (docs/campaigns.md), each with the sentence that says it; `$1` is what it names. */
const CONDITIONS = /** @type {[RegExp, string][]} */ ([
  [/ (?:and|or) |[()]/, ""],
  [/^bought (?:category|brand):(?:.*\/)?([^/]+?)(?: within \d+ days?)?$/, "why_bought"],
  [/^bought /, "why_bought_goods"],
  [/^due /, "why_due"],
  [/^interest /, "why_interest"],
  [/^birthday /, "why_birthday"],
  [/^visited /, "why_visited"],
  [/^last visit within /, "why_last_visit"],
  [/^last visit over /, "why_long_ago"],
  [/^purchases? /, "why_purchases"],
  [/^points /, "why_points"],
  [/^basket /, "why_basket"],
  [/^(?:time|weekday) /, "why_now"],
  [/^workstation /, "why_here"],
  [/^tier in (.+)$/, "why_tier"],
  [/^rfm in /, "why_rfm"],
  [/^"?survey-/, "why_survey"],
  [/^(?:everybody|stranger)$/, "why_everybody"],
  [/^member$/, "why_member"],
  [/^employee$/, "why_employee"],
  [/^entered (.+?)(?: within \d+ days?)?$/, "why_group"],
  [/^(.+)$/, "why_group"],
]);

/**
 * Why somebody sees an offer, for them to read; a rule with alternatives is shown as it is written.
 * @param {string[]} why @param {Texts} texts
 */
export function reasons(why, texts) {
  const said = why.filter((each) => !EXCLUSION.test(each)).map((each) => reason(each, texts));
  return [...new Set(said)];
}

/** @param {string} each @param {Texts} texts */
function reason(each, texts) {
  if (!each.startsWith(CLAUSE)) return each;
  const rule = each.slice(CLAUSE.length);
  // A time's own "and" joins no two conditions.
  const plain = rule.replace(/^(time between \S+) and /, "$1 ");
  const [pattern, key] = /** @type {[RegExp, string]} */ (CONDITIONS.find(([form]) => form.test(plain)));
  if (key === "") return texts.say("why_rule", { rule });
  return texts.say(key, { what: (pattern.exec(plain)?.[1] ?? "").replaceAll('"', "") });
}

/** What a sentence about a coupon names, as people read it. @param {any} told @param {Texts} texts */
export const readable = (told, texts) => ({
  ...told,
  ...(told.day ? { day: texts.day(told.day) } : {}),
  ...(told.used_at ? { used_at: texts.moment(told.used_at) } : {}),
});

/** How a coupon stands that was looked at and not used. @param {any} coupon @param {Texts} texts */
export function couponStands(coupon, texts) {
  const values = readable(coupon, texts);
  if (coupon.accepted) return texts.say(coupon.day ? "coupon_good_until" : "coupon_good", values);
  return texts.has(coupon.code) ? texts.say(coupon.code, values) : coupon.message;
}
