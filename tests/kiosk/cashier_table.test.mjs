// The cashier's table and what it lets the cashier say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AWAY_MS, CASHIER, initial, NOTICE_MS, PERSON_MS } from "../../kiosk/static/js/cashier_table.js";
import { step } from "../../kiosk/static/js/machine.js";
import { sentencesFor } from "../../kiosk/static/js/sentences.js";
import { DISPLAY, initial as displayInitial } from "../../kiosk/static/js/display_table.js";

function story(...events) {
  let model = initial();
  const effects = [];
  for (const event of events) {
    const result = step(CASHIER, model, { at_ms: 0, ...event });
    model = result.model;
    effects.push(...result.effects);
  }
  return { model, effects };
}

const customer = (scan_id, name = "Anna") => ({ type: "customer", data: { scan_id, known: true, first_name: name } });

test("whoever core names is shown, whichever scanner it was", () => {
  const { model } = story(customer("s1"), { type: "offers", data: { scan_id: "s1", sentences: ["x"] } });
  assert.equal(model.state, "customer");
  assert.deepEqual(model.offers.sentences, ["x"]);
});

test("the last card wins, and the first one's offers go with it", () => {
  const { model } = story(
    customer("s1"),
    { type: "offers", data: { scan_id: "s1", sentences: ["for Anna"] } },
    customer("s2", "Boris"),
  );
  assert.equal(model.customer.first_name, "Boris");
  assert.equal(model.offers, null);
});

test("one customer's offers are never shown with another", () => {
  const { model } = story(customer("s2", "Boris"), { type: "offers", data: { scan_id: "s1", sentences: ["for Anna"] } });
  assert.equal(model.offers, null);
});

test("offers that overtake their customer wait for them", () => {
  const { model } = story({ type: "offers", data: { scan_id: "s1", sentences: ["x"] } }, customer("s1"));
  assert.equal(model.offers.scan_id, "s1");
});

test("a wrong card disappears at once and is taken back", () => {
  const { model, effects } = story(customer("s1"), { type: "undo" });
  assert.equal(model.state, "idle");
  assert.equal(model.customer, null);
  assert.deepEqual(effects, [{ type: "undo", scan_id: "s1" }]);
});

test("paper on request is asked for once a person", () => {
  const { model, effects } = story(customer("s1"), { type: "paper" });
  assert.deepEqual(effects, [{ type: "paper" }]);
  assert.equal(model.paper_asked, true);
  assert.equal(step(CASHIER, model, { at_ms: 0, ...customer("s2") }).model.paper_asked, false);
});

test("a page without its agent for 15 s shows nobody", () => {
  const away = story(customer("s1"), { type: "link", alive: false, at_ms: 1_000 }, { type: "tick", at_ms: 1_000 + AWAY_MS });
  assert.equal(away.model.customer, null);
  const blink = story(
    customer("s1"),
    { type: "link", alive: false, at_ms: 1_000 },
    { type: "link", alive: true, at_ms: 2_000 },
    { type: "tick", at_ms: 60_000 },
  );
  assert.equal(blink.model.customer.first_name, "Anna");
});

test("nobody stays longer than a quarter of an hour", () => {
  const { model } = story(customer("s1"), { type: "tick", at_ms: PERSON_MS });
  assert.equal(model.customer, null);
});

test("a clear empties the page but not the trouble", () => {
  const { model } = story(
    customer("s1"),
    { type: "trouble", data: { code: "paper_out", message: "Printer 1: no paper" } },
    { type: "clear", data: { reason: "completed" } },
  );
  assert.equal(model.state, "idle");
  assert.ok(model.troubles.paper_out);
  const resolved = step(CASHIER, model, { type: "trouble", at_ms: 0, data: { code: "paper_out", resolved: true } });
  assert.deepEqual(resolved.model.troubles, {});
});

test("a remark about what just happened goes by itself", () => {
  const { model } = story({ type: "trouble", data: { code: "whose_sale", passing: true } });
  assert.equal(model.remark.code, "whose_sale");
  assert.deepEqual(model.troubles, {});
  assert.equal(step(CASHIER, model, { type: "tick", at_ms: NOTICE_MS }).model.remark, null);
});

test("a number that is too short is not sent and the notice goes by itself", () => {
  const { model, effects } = story({ type: "scan", code: " 12 " });
  assert.deepEqual(effects, []);
  assert.equal(model.notice, "typed_too_short");
  assert.equal(step(CASHIER, model, { type: "tick", at_ms: NOTICE_MS }).model.notice, null);
});

test("a code that is nobody's is shown as such and can be taken back", () => {
  const { model } = story({ type: "customer", data: { scan_id: "s1", known: false, code_kind: "unknown" } });
  assert.equal(model.state, "stranger");
  assert.equal(step(CASHIER, model, { type: "undo", at_ms: 0 }).model.state, "idle");
});

// ---- signing up ----

const open = { type: "sign_up", request_id: "r1", at: "2026-11-21T12:00:00.000Z" };
const fill = (field, value) => ({ type: "fill_in", field, value });
const yes = (purpose) => ({ type: "allow", purpose, given: true });

test("three fields and one yes make a member", () => {
  const { effects } = story(open, fill("first_name", "Vera"), fill("contact", "+49151"), yes("membership"), {
    type: "submit",
  });
  assert.equal(effects[0].type, "join");
  assert.deepEqual(effects[0].form.allowed, { membership: true });
  assert.equal(effects[0].form.shown_at, open.at);
});

test("nobody becomes a member without the terms, or without any way to be known again", () => {
  assert.equal(story(open, fill("contact", "+49151"), { type: "submit" }).model.form.problem, "form_terms_missing");
  assert.equal(story(open, yes("membership"), { type: "submit" }).model.form.problem, "form_contact_missing");
});

test("a card scanned into the form is the new one, and is presented once the member is saved", () => {
  const { effects, model } = story(
    open,
    { type: "scan", code: "2912345678999" },
    yes("membership"),
    { type: "submit" },
    { type: "joined", request_id: "r1" },
  );
  assert.deepEqual(
    effects.map((each) => each.type),
    ["join", "scan"],
  );
  assert.equal(effects[1].code, "2912345678999");
  assert.equal(model.form, null);
});

test("the card that was not known a moment ago is theirs already", () => {
  const stranger = { type: "customer", data: { scan_id: "s7", known: false, code_shown: "…4711" } };
  assert.equal(story(stranger, open).model.form.scan_id, "s7");
  assert.equal(story(open, stranger).model.form.scan_id, "s7");
});

test("a member who is scanned at the lane meanwhile is the customer, and the form is forgotten", () => {
  const { model } = story(open, fill("first_name", "Vera"), customer("s2", "Boris"));
  assert.equal(model.state, "customer");
  assert.equal(model.form, null);
});

test("a form is sent once, however often Enter is pressed", () => {
  const { effects } = story(open, yes("membership"), fill("contact", "+49151"), { type: "submit" }, { type: "submit" });
  assert.equal(effects.length, 1);
});

test("what was typed survives an agent that is away, and a form that nobody touches is forgotten", () => {
  const typed = [open, fill("first_name", "Vera"), fill("contact", "+49151"), yes("membership"), { type: "submit" }];
  const { model } = story(...typed, { type: "join_failed", code: "agent_away" });
  assert.equal(model.form.first_name, "Vera");
  assert.equal(model.form.sending, false);
  assert.equal(step(CASHIER, model, { type: "tick", at_ms: 180_000 }).model.form, null);
});

const texts = { say: (key) => key, day: (day) => day };

test("at most two sentences, the offer before the points before the birthday before the permission before the coupon", () => {
  const everything = {
    points_expiring: { points: 5, on: "2026-12-12" },
    birthday_soon: true,
    permissions: {},
    coupons: [{ title: "Free cappuccino" }],
  };
  const say = (customer, offers) => sentencesFor({ customer, offers }, texts);
  assert.deepEqual(say(everything, { offers: [{ cashier: "offer" }] }), ["offer", "say_points_expire"]);
  assert.deepEqual(say({ ...everything, points_expiring: null }, null), ["say_birthday", "say_ask_permission"]);
  assert.deepEqual(say({ permissions: { profiling: true }, coupons: everything.coupons }, null), [
    "say_ask_permission",
    "say_coupon",
  ]);
  assert.deepEqual(say({ permissions: { offers: true } }, { offers: [] }), []);
  assert.deepEqual(say({ permissions: { offers: false } }, { offers: [] }), [], "who said no is not asked again");
  const many = { offers: [{ cashier: "a" }, { text: "b" }, { cashier: "" }, { cashier: "c" }] };
  assert.deepEqual(say(everything, many), ["a", "b"]);
});

test("a customer display thanks, and forgets the name with the sale", () => {
  let model = displayInitial();
  for (const event of [
    customer("s1"),
    { type: "sale", data: { state: "completed", total: "3.00" } },
    { type: "clear", data: {} },
  ]) {
    model = step(DISPLAY, model, { at_ms: 0, ...event }).model;
  }
  assert.equal(model.state, "thanks");
  assert.equal(model.customer, null);
  assert.equal(step(DISPLAY, model, { type: "tick", at_ms: 60_000 }).model.sale, null);
});

test("what became of the paper takes neither total nor code from a display, nor the next customer", () => {
  const sold = { state: "completed", total: "3.00", qr: "https://chain.example/c/1", paper: [] };
  const again = { ...sold, paper: [{ campaign_id: "c", outcome: "unconfirmed" }], again: true };
  const after = (...events) =>
    events.reduce((model, event) => step(DISPLAY, model, { at_ms: 0, ...event }).model, displayInitial());
  const thanks = after({ type: "sale", data: sold }, { type: "sale", data: again });
  assert.deepEqual([thanks.state, thanks.sale.qr], ["thanks", sold.qr]);
  const next = after({ type: "sale", data: sold }, customer("s2", "Boris"), { type: "sale", data: again });
  assert.deepEqual([next.state, next.customer.first_name], ["sale", "Boris"]);
});
