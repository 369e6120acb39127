// A scanner that types, told from a person who types.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Wedge } from "../../kiosk/static/js/wedge.js";

/** Press keys `gap_ms` apart; return the codes recognised and how many keys the page would have kept from a field. */
function type(keys, gap_ms, wedge = new Wedge(), start_ms = 1_000) {
  let at_ms = start_ms;
  const codes = [];
  let swallowed = 0;
  for (const key of keys) {
    const verdict = wedge.press({ key, at_ms });
    if (verdict.code !== null) codes.push(verdict.code);
    if (verdict.swallow) swallowed += 1;
    at_ms += gap_ms;
  }
  return { codes, swallowed };
}

const EAN = [..."2912345678901", "Enter"];

for (const gap_ms of [0, 1, 5, 10, 25, 30]) {
  test(`a code at ${gap_ms} ms a key is a scan`, () => {
    assert.deepEqual(type(EAN, gap_ms), { codes: ["2912345678901"], swallowed: 1 });
  });
}

for (const gap_ms of [40, 60, 120]) {
  test(`a number typed at ${gap_ms} ms a key is a person's`, () => {
    assert.deepEqual(type(EAN, gap_ms), { codes: [], swallowed: 0 });
  });
}

test("Shift between the letters of a code is no part of it", () => {
  const keys = ["Shift", "T", "Shift", "S", "c", "1", ":", "Shift", "A", "b", "Enter"];
  assert.deepEqual(type(keys, 1).codes, ["TSc1:Ab"]);
});

for (const stutter_ms of [90, 300, 480]) {
  for (const where of [4, 6, 12, 13]) {
    test(`a PC that stutters for ${stutter_ms} ms before key ${where} loses nothing, least of all the first half`, () => {
      const wedge = new Wedge();
      let at_ms = 1_000;
      const codes = [];
      EAN.forEach((key, index) => {
        at_ms += index === where ? stutter_ms : 2;
        const verdict = wedge.press({ key, at_ms });
        if (verdict.code !== null) codes.push(verdict.code);
      });
      assert.deepEqual(codes, ["2912345678901"]);
    });
  }
}

for (const pause_ms of [60, 80, 150, 400]) {
  test(`what a person typed ${pause_ms} ms before is no part of the code`, () => {
    const wedge = new Wedge();
    type([..."Vera"], pause_ms, wedge, 1_000);
    assert.deepEqual(type(EAN, 1, wedge, 1_000 + 4 * pause_ms).codes, ["2912345678901"]);
  });
}

test("three stutters in one code are borne, and the first key is named so that its field can be put back", () => {
  const wedge = new Wedge();
  type([..."49"], 100, wedge, 0);
  let at_ms = 1_000;
  let verdict = { code: null, first: 0 };
  EAN.forEach((key, index) => {
    at_ms += index === 4 || index === 8 || index === 11 ? 120 : 1;
    verdict = wedge.press({ key, at_ms });
  });
  assert.equal(verdict.code, "2912345678901");
  assert.equal(verdict.first, 3);
});

test("a space within a burst presses no button, a person's does", () => {
  assert.equal(type([..."ab c"], 1).swallowed, 1);
  assert.equal(type([..."ab c"], 150).swallowed, 0);
});

test("Enter long after the burst ends no code", () => {
  const wedge = new Wedge();
  type([..."2912345678901"], 1, wedge);
  assert.deepEqual(type(["Enter"], 0, wedge, 5_000), { codes: [], swallowed: 0 });
});

test("two scans in a row are two codes", () => {
  const wedge = new Wedge();
  assert.deepEqual(type([...EAN, ...EAN], 1, wedge).codes, ["2912345678901", "2912345678901"]);
});

test("a roll over three keys is a person's, and an endless stream is nobody's code", () => {
  assert.deepEqual(type(["a", "s", "d", "Enter"], 10).codes, []);
  assert.deepEqual(type([..."9".repeat(10_000), "Enter"], 0).codes, []);
});

test("an arrow key in the middle breaks a burst", () => {
  assert.deepEqual(type([..."29123456", "ArrowLeft", ..."78", "Enter"], 1).codes, []);
});

test("a code that stutters all the time is refused whole: half a code would be somebody else's", () => {
  const wedge = new Wedge();
  let at_ms = 1_000;
  const codes = [];
  [..."29123456789012345678", "Enter"].forEach((key, index) => {
    at_ms += index % 4 === 0 ? 200 : 1;
    const verdict = wedge.press({ key, at_ms });
    if (verdict.code !== null) codes.push(verdict.code);
  });
  assert.deepEqual(codes, []);
});
