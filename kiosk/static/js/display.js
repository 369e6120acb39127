// The customer display: /display/<workstation>. It has no controls; it shows the basket, a greeting and thanks.

import { html, nothing, render } from "../vendor/lit-html.js";
import { getContent } from "./ask.js";
import { DISPLAY, initial } from "./display_table.js";
import { follow } from "./live.js";
import { age, qrAddress } from "./parts.js";
import { chosenLanguage, keepForBadDays, Page, placeOf, speakLanguage } from "./page.js";

/** The newest lines are what a customer watches for. */
const LINES_SHOWN = 8;

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const workstation_id = placeOf("1");
const content = await getContent().catch(() => ({ language: "en" }));
const texts = await speakLanguage(chosenLanguage(content.language), content);
const page = new Page({ table: DISPLAY, model: initial(), draw, perform: () => {} });

/** @param {any} model */
function draw(model) {
  document.title = content.store_name ?? texts.say("display_welcome");
  render(
    html`<div class="display">
      <main aria-live="polite">${body(model)}</main>
      <footer class="bar">
        <span class="grow">${content.store_name ?? ""}</span>
        ${age({ as_of: (model.sale ?? model.customer ?? model.stale)?.as_of, alive: model.away_since_ms === null, texts })}
      </footer>
    </div>`,
    root,
  );
}

/** @param {any} model */
function body(model) {
  if (model.state === "thanks") return thanks(model);
  if (model.state === "welcome") return html`<h1>${texts.say("display_welcome")}</h1>`;
  return [heading(model.customer), basket(model.sale)];
}

/** @param {any} customer */
function heading(customer) {
  if (customer === null) return html`<h1 class="unseen">${texts.say("display_welcome")}</h1>`;
  return html`<h1>
      ${customer.first_name ? texts.say("hello", { name: customer.first_name }) : texts.say("hello_nobody")}
    </h1>
    ${customer.points === undefined || customer.points === null
      ? nothing
      : html`<p class="idle">${texts.say("points", { n: customer.points })}</p>`}`;
}

/** @param {any} sale */
function basket(sale) {
  if (sale === null) return nothing;
  const lines = (sale.lines ?? []).slice(-LINES_SHOWN);
  return html`<ul class="basket">
      ${lines.map(
        (/** @type {any} */ each) =>
          html`<li><span>${each.description}</span><span>${texts.money(each.amount, sale.currency)}</span></li>`,
      )}
    </ul>
    ${sale.total
      ? html`<p class="total">
          <span>${texts.say("display_total")}</span><span>${texts.money(sale.total, sale.currency)}</span>
        </p>`
      : nothing}`;
}

/** @param {any} model */
function thanks({ sale }) {
  return html`<h1>${texts.say("display_thanks")}</h1>
    ${sale.total ? html`<p class="idle">${texts.money(sale.total, sale.currency)}</p>` : nothing}
    ${sale.points_earned
      ? html`<p class="idle">${texts.say("display_points_earned", { n: sale.points_earned })}</p>`
      : nothing}
    ${sale.qr
      ? html`<img class="qr" src=${qrAddress(sale.qr)} alt=${texts.say("display_code")} />
          <p class="idle">${texts.say("display_claim")}</p>`
      : nothing}`;
}

page.start();
follow({
  url: `/v1/workstations/${encodeURIComponent(workstation_id)}/events`,
  onEvent: (name, data) => page.send(name, { data }),
  onLink: (alive) => page.send("link", { alive }),
});
keepForBadDays();
