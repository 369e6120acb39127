// Words, numbers and dates in the reader's language.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Texts } from "../../kiosk/static/js/text.js";

const load = (language) =>
  new Texts(
    language,
    JSON.parse(readFileSync(new URL(`../../kiosk/static/texts/${language}.json`, import.meta.url), "utf8")),
    { timezone: "Europe/Berlin", currency: "EUR", country: "DE" },
  );

test("plural forms follow the language", () => {
  const en = load("en");
  const ru = load("ru");
  assert.equal(en.say("points", { n: 1 }), "1 point");
  assert.equal(en.say("points", { n: 2 }), "2 points");
  assert.deepEqual(
    [1, 2, 5, 11, 21, 22].map((n) => ru.say("points", { n })),
    ["1 балл", "2 балла", "5 баллов", "11 баллов", "21 балл", "22 балла"],
  );
});

test("a text that nobody wrote shows its key instead of failing", () => {
  assert.equal(load("en").say("no_such_text"), "no_such_text");
});

test("what a person is called is put in as text, whatever it is", () => {
  assert.equal(load("en").say("hello", { name: "{name} <b>" }), "Hello, {name} <b>");
});

test("money, days and ages read as the shop writes them", () => {
  const en = load("en");
  assert.match(en.money("12.30"), /€|EUR/);
  assert.match(en.money("1240.50"), /1,240\.50/);
  assert.equal(en.say("points", { n: 1240 }), "1,240 points", "grouped as money is");
  assert.equal(en.money("not money"), "not money");
  assert.match(en.day("2024-12-24"), /24.*December.*2024/);
  assert.equal(en.day("nonsense"), "nonsense");
  assert.equal(en.time("2026-11-21T12:05:00Z"), "13:05");
  assert.equal(en.age(5), "just now");
  assert.equal(en.age(61), "1 minute ago");
  assert.equal(load("ru").age(7_300), "2 часа назад");
});
