// What the kiosk shows to somebody who is known: points, offers, coupons, receipts, and what they allow us.
// Drawing only: what happens is in kiosk_table.js.

import { html, nothing } from "../vendor/lit-html.js";
import { wording } from "./kiosk_join.js";
import { MEMBERSHIP } from "./kiosk_limits.js";
import { offerCard, qrAddress } from "./parts.js";

/**
 * @typedef {{texts: import("./text.js").Texts, content: any, send: (type: string, data?: object) => void,
 *            newId: () => string}} Desk
 */

/** @param {{customer: any, offers: any, phone?: any, paper?: string}} person @param {Desk} desk */
export function greeting({ customer, offers, phone, paper }, desk) {
  const { texts, content, send } = desk;
  const list = offers?.offers ?? [];
  return html`<div class="greeting">
    <div class="head">
      <h1>${customer.first_name ? texts.say("hello", { name: customer.first_name }) : texts.say("hello_nobody")}</h1>
      ${points(customer, texts)}
    </div>
    ${paper ? html`<p role="status" class="quiet">${texts.say(`coupons_${paper}`)}</p>` : nothing}
    <div class="row">
      ${content.hands_over && !phone
        ? html`<button class="main" @click=${() => send("hand_over")}>${texts.say("send_to_phone")}</button>`
        : nothing}
      ${content.prints_coupons && (customer.coupons ?? []).length > 0
        ? html`<button @click=${() => send("print")}>${texts.say("print_coupons")}</button>`
        : nothing}
      <button @click=${() => send("permissions")}>${texts.say("my_permissions")}</button>
    </div>
    ${phone ? telephone(phone, desk) : nothing}
    ${offers === null ? nothing : section(list, { title: "your_offers", empty: "no_offers", texts, draw: (each) => offerCard(each, texts, content.pictures) })}
    ${section(customer.coupons ?? [], { title: "your_coupons", texts, draw: (each) => offerCard(each, texts, content.pictures) })}
    ${section(customer.receipts ?? [], { title: "your_receipts", texts, draw: (each) => receipt(each, texts) })}
  </div>`;
}

/** The way to the customer's own telephone: a code that opens once. @param {{state: string, url?: string}} phone @param {Desk} desk */
function telephone({ state, url }, { texts, send }) {
  const said = { asking: "one_moment", ready: "phone_scan", failed: "phone_failed" }[state] ?? "phone_failed";
  return html`<section class="card phone">
    ${url ? html`<img class="qr" src=${qrAddress(url)} alt=${texts.say("phone_code")} />` : nothing}
    <div>
      <p role="status">${texts.say(said)}</p>
      <button @click=${() => send("close_phone")}>${texts.say("close")}</button>
    </div>
  </section>`;
}

/** What may be done with what we know, purpose by purpose; no is as near as yes. @param {any} model @param {Desk} desk */
export function permissions(model, desk) {
  const { texts, content, send, newId } = desk;
  const { customer, permissions: changed } = model.person;
  const purposes = (content.consents ?? []).filter((/** @type {any} */ each) => each.purpose !== MEMBERSHIP);
  return html`<div class="step">
    <h1>${texts.say("my_permissions")}</h1>
    ${purposes.map((/** @type {any} */ each) =>
      permission(each, changed[each.purpose] ?? customer.permissions?.[each.purpose], desk),
    )}
    <div class="row">
      <button @click=${() => send("back")}>${texts.say("back")}</button>
      <button class="plain" @click=${() => send("erase", { request_id: newId() })}>${texts.say("erase_me")}</button>
    </div>
  </div>`;
}

/** @param {any} consent @param {boolean | undefined} given @param {Desk} desk */
function permission(consent, given, { texts, content, send, newId }) {
  const { purpose } = consent;
  const choose = (/** @type {boolean} */ yes) => () => send("decide", { purpose, given: yes, request_id: newId() });
  return html`<section class="card" role="group" aria-labelledby="about-${purpose}">
    <p id="about-${purpose}">${wording(consent.text, texts, content)}</p>
    <div class="row">
      <button aria-pressed=${given === true ? "true" : "false"} @click=${choose(true)}>${texts.say("yes")}</button>
      <button aria-pressed=${given === false ? "true" : "false"} @click=${choose(false)}>${texts.say("no")}</button>
    </div>
  </section>`;
}

/** @param {any} customer @param {Desk["texts"]} texts */
function points(customer, texts) {
  if (customer.points === undefined || customer.points === null) return nothing;
  const expiring = customer.points_expiring;
  return html`<p class="points">
    <b>${customer.points.toLocaleString(texts.language)}</b>
    ${texts.say("your_points", { n: customer.points })}
    ${expiring?.points
      ? html`<span class="quiet">
          · ${texts.say("points_expire", { n: expiring.points, day: texts.day(expiring.on) })}</span
        >`
      : nothing}
  </p>`;
}

/**
 * @param {any[]} list
 * @param {{title: string, empty?: string, texts: Desk["texts"], draw: (each: any) => any}} about
 */
function section(list, { title, empty, texts, draw }) {
  if (list.length === 0) return empty === undefined ? nothing : html`<p class="quiet">${texts.say(empty)}</p>`;
  return html`<section>
    <h2>${texts.say(title)}</h2>
    <ul class="cards">
      ${list.map(draw)}
    </ul>
  </section>`;
}

/** @param {any} each @param {Desk["texts"]} texts */
function receipt(each, texts) {
  return html`<li class="card">
    <h2>${texts.money(each.total, each.currency)}</h2>
    <p class="quiet">${texts.day(each.day)}</p>
    ${(each.lines ?? []).map((/** @type {string} */ line) => html`<p>${line}</p>`)}
  </li>`;
}
