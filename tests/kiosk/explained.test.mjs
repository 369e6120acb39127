// Reasons and coupons in a reader's words.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { couponStands, reasons } from "../../kiosk/static/js/explained.js";
import { Texts } from "../../kiosk/static/js/text.js";

const spoken = (language) => {
  const file = new URL(`../../kiosk/static/texts/${language}.json`, import.meta.url);
  return new Texts(language, JSON.parse(readFileSync(file, "utf8")), { timezone: "Europe/Berlin", country: "DE" });
};

const SAID = {
  "so: bought category:drinks/coffee within 60 days": "You have bought coffee.",
  "so: bought brand:Roaster": "You have bought Roaster.",
  "so: bought item:1001 within 5 days": "It fits what you have bought.",
  "so: due need:1001 after 50 days": "You may need this again by now.",
  "so: interest category:tea within 14 days": "You wished for it, or are waiting for it.",
  "so: birthday within 7 days": "Your birthday is near.",
  "so: visited within 0 days": "You checked in here.",
  "so: last visit within 30 days": "You have been here lately.",
  "so: last visit over 90 days ago": "We have not seen you for a while.",
  "so: purchases = 1": "It goes by how often you shop with us.",
  "so: points >= 100": "It goes by your points.",
  "so: basket has category:coffee": "It fits your basket.",
  "so: time between 22:00 and 02:00": "It is for this day or hour.",
  "so: weekday in sat, sun": "It is for this day or hour.",
  "so: workstation in 1, 2": "It is for this till.",
  "so: tier in gold, platinum": "It is for members of this level: gold, platinum.",
  "so: rfm in 5*, 45?": "It goes by how often and how much you shop with us.",
  "so: survey-shops_for-family": "You told us so in our survey.",
  "so: everybody": "It is for everybody.",
  "so: member": "It is for all members.",
  "so: employee": "It is for colleagues.",
  "so: entered losing within 7 days": "You belong to our group “losing”.",
  'so: "tea drinkers"': "You belong to our group “tea drinkers”.",
  "so: best or tier in gold": "It is for: best or tier in gold",
  "You bought coffee here 10 weeks ago.": "You bought coffee here 10 weeks ago.",
};

test("every condition of the rule language is said in a sentence, in each language", () => {
  for (const [clause, sentence] of Object.entries(SAID)) {
    assert.deepEqual(reasons([clause], spoken("en")), [sentence]);
    if (!clause.startsWith("so: ")) continue;
    const [russian] = reasons([clause], spoken("ru"));
    assert.match(russian, /^[А-Я]/, clause);
    assert.notEqual(russian, sentence);
  }
});

test("what did not exclude somebody is no reason, and no reason is given twice", () => {
  const why = ["so: not employee", "so: weekday in sat", "so: time between 08:00 and 12:00"];
  assert.deepEqual(reasons(why, spoken("en")), ["It is for this day or hour."]);
});

test("a coupon that was looked at is good, or why not, with days and hours as the store's clock has them", () => {
  const texts = spoken("en");
  const used = { code: "coupon_used", used_at: "2026-11-22T08:53:11+00:00", store: "7781", till: "2" };
  assert.equal(couponStands({ accepted: true, day: "" }, texts), "This coupon is good. Show it at the till.");
  assert.match(couponStands({ accepted: true, day: "2026-12-24" }, texts), /good until 24 December/);
  assert.match(couponStands(used, texts), /22 November.*, 09:53, store 7781, till 2/);
  assert.equal(couponStands({ code: "coupon_of_tomorrow", message: "As core says." }, texts), "As core says.");
});
