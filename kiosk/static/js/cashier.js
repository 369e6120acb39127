// The cashier's page: /cashier/<workstation>.

import { html, nothing, render } from "../vendor/lit-html.js";
import { deleteScan, getContent, postScan } from "./ask.js";
import { CASHIER, initial } from "./cashier_table.js";
import { follow } from "./live.js";
import { chosenLanguage, keepForBadDays, keepLanguage, Page, placeOf, speakLanguage } from "./page.js";
import { age, care, languages } from "./parts.js";
import { paperFor, sentencesFor } from "./sentences.js";
import { listenForWedge } from "./wedge.js";

/** Keys that the browser leaves free, so that a cashier needs no mouse. */
const KEY_NUMBER = "F2";
const KEY_UNDO = "F8";

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const workstation_id = placeOf("1");

const content = await getContent().catch(() => ({ language: "en" }));
let texts = await speakLanguage(chosenLanguage(content.language), content);

const page = new Page({ table: CASHIER, model: initial(), draw, perform });

/** @param {import("./machine.js").Effect} effect */
function perform(effect) {
  if (effect.type === "scan") {
    postScan({ workstation_id, code: effect.code, symbology: effect.symbology, source: "cashier" }).then(
      () => page.send("accepted", { request: effect.request }),
      (problem) => page.send("failed", { request: effect.request, code: problem.code, message: problem.message }),
    );
  } else {
    deleteScan(effect.scan_id).catch((problem) => page.send("failed", { code: problem.code, message: problem.message }));
  }
}

/** @param {string} language */
async function choose(language) {
  keepLanguage(language);
  texts = await speakLanguage(language, content);
  draw(page.model);
}

/** @param {any} model */
function draw(model) {
  document.title = texts.say("cashier_title", { id: workstation_id });
  render(
    html`<div class="cashier">
      <header class="bar">
        <span>${texts.say("workstation", { id: workstation_id })}</span>
        <span class="grow">${content.store_name ?? ""}</span>
        ${age({ as_of: (model.customer ?? model.stale)?.as_of, alive: model.alive, texts })}
        ${languages({ texts, onChoose: choose })}
      </header>
      <main aria-live="polite">${body(model)}</main>
      ${care({ ...model, texts })} ${actions(model)}
    </div>`,
    root,
  );
}

/** @param {any} model */
function body(model) {
  if (model.state === "customer") return [who(model.customer), whatToSay(model), paper(model)];
  if (model.state === "stranger") return stranger(model.customer);
  if (model.sale !== null && model.sale.state !== "open") return saleDone(model.sale);
  return html`<h1 class="unseen">${texts.say("cashier_title", { id: workstation_id })}</h1>
    <p class="idle">${texts.say("idle")}</p>`;
}

/** @param {any} customer */
function who(customer) {
  const name = customer.first_name ?? texts.say("somebody", { code: customer.code_shown });
  return html`<section class="arrives">
    <h1>${name}</h1>
    <p class="facts">
      ${customer.employee ? html`<b>${texts.say("employee")}</b>` : nothing}
      ${customer.tier ? html`<b>${customer.tier}</b>` : nothing}
      ${customer.member_since
        ? html`<span>${texts.say("since", { when: texts.monthAndYear(customer.member_since) })}</span>`
        : nothing}
      ${customer.points === undefined || customer.points === null
        ? nothing
        : html`<span>${texts.say("points", { n: customer.points })}</span>`}
    </p>
  </section>`;
}

/** @param {any} model */
function whatToSay(model) {
  const sentences = sentencesFor(model, texts);
  if (sentences.length === 0) return nothing;
  return html`<ul class="say arrives">
    ${sentences.map((each) => html`<li>${each}</li>`)}
  </ul>`;
}

/** @param {any} model */
function paper(model) {
  if (model.offers === null) return nothing;
  const lines = paperFor(model.offers);
  if (lines.length === 0) return html`<p class="paper">${texts.say("nothing_on_paper")}</p>`;
  return html`<p class="paper"><span>${texts.say("on_paper")}</span><span>${lines.join(" · ")}</span></p>`;
}

/** @param {any} customer */
function stranger(customer) {
  if (customer.code_kind === "coupon") {
    return html`<h1>${texts.say("coupon_scanned", { code: customer.code_shown })}</h1>`;
  }
  return html`<h1>${texts.say("stranger")}</h1>
    <p class="idle">${texts.say("stranger_more")}</p>`;
}

/** @param {any} sale */
function saleDone(sale) {
  const printed = (sale.paper ?? []).map((/** @type {any} */ each) => each.outcome);
  const outcome = printed.length === 0 ? null : printed.includes("printed") ? "paper_printed" : "paper_not_printed";
  return html`<p class="idle">
    ${texts.say("sale_done", { total: sale.total ? texts.money(sale.total, sale.currency) : "" })}
    ${outcome === null ? nothing : texts.say(outcome)}
  </p>`;
}

/** @param {any} model */
function actions(model) {
  const here = model.state !== "idle";
  return html`<footer class="actions">
    <form @submit=${submit} autocomplete="off">
      <label for="number" class="unseen">${texts.say("number")}</label>
      <input id="number" name="number" inputmode="tel" maxlength="64" placeholder=${texts.say("number")} />
      <button type="submit">${texts.say("show")} <kbd>${KEY_NUMBER}</kbd></button>
    </form>
    ${here
      ? html`<button @click=${() => page.send("undo")}>${texts.say("wrong_card")} <kbd>${KEY_UNDO}</kbd></button>`
      : nothing}
    <span class="notice" role="status">${notice(model)}</span>
  </footer>`;
}

/** @param {any} model */
const notice = (model) => (model.notice === null ? "" : texts.say(model.notice, { message: model.refusal ?? "" }));

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (document.getElementById("number"));
  page.send("scan", { code: field.value, symbology: "typed" });
  field.value = "";
}

addEventListener("keydown", (event) => {
  if (event.key === KEY_NUMBER) document.getElementById("number")?.focus();
  else if (event.key === KEY_UNDO && page.model.state !== "idle") page.send("undo");
  else return;
  event.preventDefault();
});

page.start();
listenForWedge(document, (code) => page.send("scan", { code }));
follow({
  url: `/v1/workstations/${encodeURIComponent(workstation_id)}/events`,
  onEvent: (name, data) => page.send(name, { data }),
  onLink: (alive) => page.send("link", { alive }),
});
keepForBadDays();
