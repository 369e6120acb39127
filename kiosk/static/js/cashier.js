// The cashier's page: /cashier/<workstation>.

import { html, nothing, render } from "../vendor/lit-html.js";
import { deleteScan, getContent, newId, permissionsOf, postMember, postPaper, postScan } from "./ask.js";
import { CASHIER, initial, MEMBERSHIP } from "./cashier_table.js";
import { follow } from "./live.js";
import { chosenLanguage, keepForBadDays, keepLanguage, Page, placeOf, speakLanguage } from "./page.js";
import { age, care, languages } from "./parts.js";
import { paperFor, sentencesFor } from "./sentences.js";
import { listenForWedge } from "./wedge.js";

/** Keys that the browser leaves free, so that a cashier needs no mouse. */
const KEY_NUMBER = "F2";
const KEY_SIGN_UP = "F4";
const KEY_UNDO = "F8";
const KEY_PAPER = "F9";

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
  } else if (effect.type === "join") {
    join(effect.form);
  } else if (effect.type === "paper") {
    postPaper(workstation_id).catch((problem) => page.send("failed", { code: problem.code, message: problem.message }));
  } else {
    deleteScan(effect.scan_id).catch((problem) => page.send("failed", { code: problem.code, message: problem.message }));
  }
}

/** @param {any} form */
function join(form) {
  const { request_id, shown_at, first_name, contact, code, scan_id } = form;
  postMember({
    request_id,
    workstation_id,
    source: "cashier",
    shown_how: "read_aloud",
    shown_at,
    scan_id,
    first_name: first_name.trim(),
    contact: contact.trim(),
    code,
    language: texts.language,
    permissions: permissionsOf(content, form.allowed, texts.language),
  }).then(
    () => page.send("joined", { request_id }),
    (problem) => page.send("join_failed", { code: problem.code }),
  );
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
        ${languages({ texts, onChoose: choose, offered: content.languages })}
      </header>
      <main aria-live="polite">${body(model)}</main>
      ${care({ ...model, troubles: troublesOf(model), texts })} ${actions(model)}
    </div>`,
    root,
  );
}

/** A remark about what just happened stands before what has been wrong for a while. @param {any} model */
const troublesOf = (model) => (model.remark === null ? model.troubles : { remark: model.remark });

/** @param {any} model */
function body(model) {
  if (model.state === "customer") return [who(model.customer), whatToSay(model), paper(model)];
  if (model.state === "stranger") return stranger(model.customer);
  if (model.state === "signing_up") return signUp(model.form);
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
  const lines = paperFor(model.offers);
  const isPrinted = !content.paper_on_request || model.paper_asked;
  if (lines.length === 0 || !isPrinted) return nothing;
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

/** Three fields on the left, what to read aloud and the answers on the right. @param {any} form */
function signUp(form) {
  const isTerms = (/** @type {any} */ each) => each.purpose === MEMBERSHIP;
  const others = content.consents.filter((/** @type {any} */ each) => !isTerms(each));
  const consents = [...content.consents.filter(isTerms), ...others];
  return html`<form class="sign-up" @submit=${submitForm} autocomplete="off">
    <h1>${texts.say("sign_up_title")}</h1>
    <div class="fields">
      ${field("first_name", form.first_name, "given-name")} ${field("contact", form.contact, "tel")}
      ${field("code", form.code, "off", form.code_shown)}
    </div>
    <fieldset>
      <legend>${texts.say("read_aloud_to_customer")}</legend>
      ${consents.map((each) => permission(each, form))}
    </fieldset>
    <p role="alert">${form.problem === null ? "" : texts.say(form.problem)}</p>
    <div class="row">
      <button class="main" type="submit" ?disabled=${form.sending}>${texts.say("sign_up_save")}</button>
      <button type="button" @click=${() => page.send("close")}>${texts.say("back")} <kbd>Esc</kbd></button>
    </div>
  </form>`;
}

/** @param {string} name @param {string} value @param {string} complete @param {string} [placeholder] */
function field(name, value, complete, placeholder = "") {
  return html`<label for=${name}>${texts.say(`field_${name}`)}</label>
    <input
      id=${name}
      maxlength="100"
      autocomplete=${complete}
      placeholder=${placeholder}
      .value=${value}
      @input=${(/** @type {any} */ event) => page.send("fill_in", { field: name, value: event.target.value })}
    />`;
}

/** @param {any} consent @param {any} form */
function permission(consent, form) {
  const words = consent.text[texts.language] ?? consent.text[content.language] ?? Object.values(consent.text)[0];
  const given = Boolean(form.allowed[consent.purpose]);
  return html`<label class="permission">
    <input
      type="checkbox"
      .checked=${given}
      @change=${(/** @type {any} */ event) =>
        page.send("allow", { purpose: consent.purpose, given: event.target.checked })}
    />
    <span>${words}</span>
  </label>`;
}

/** @param {SubmitEvent} event */
function submitForm(event) {
  event.preventDefault();
  page.send("submit");
}

/** @param {any} sale */
function saleDone(sale) {
  const outcome = outcomeOf(sale.paper ?? []);
  return html`<p class="idle">
    ${texts.say("sale_done", { total: sale.total ? texts.money(sale.total, sale.currency) : "" })}
    ${outcome === null ? nothing : html`<br />${texts.say(`paper_${outcome}`)}`}
  </p>`;
}

/** All offers of a sale stand on one paper; without any there is nothing to say. @param {{outcome: string}[]} paper */
function outcomeOf(paper) {
  const outcomes = paper.map((each) => each.outcome);
  if (outcomes.length === 0) return null;
  return ["printed", "unconfirmed"].find((each) => outcomes.includes(each)) ?? "not_printed";
}

/** @param {any} model */
function actions(model) {
  if (model.state === "signing_up") return nothing;
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
    ${mayAskForPaper(model)
      ? html`<button @click=${() => page.send("paper")}>${texts.say("print_offers")} <kbd>${KEY_PAPER}</kbd></button>`
      : nothing}
    ${model.state !== "customer" && (content.consents ?? []).length > 0
      ? html`<button class="quiet-button" @click=${openForm}>${texts.say("sign_up")} <kbd>${KEY_SIGN_UP}</kbd></button>`
      : nothing}
    <span class="notice" role="status">${notice(model)}</span>
  </footer>`;
}

/** Where paper is printed on request only, the cashier asks and presses once. @param {any} model */
const mayAskForPaper = (model) => content.paper_on_request && model.state === "customer" && !model.paper_asked;

/** @param {any} model */
const notice = (model) => (model.notice === null ? "" : texts.say(model.notice, { message: model.refusal ?? "" }));

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (document.getElementById("number"));
  page.send("scan", { code: field.value, symbology: "typed" });
  field.value = "";
}

function openForm() {
  page.send("sign_up", { request_id: newId() });
  document.getElementById("first_name")?.focus();
}

/** @type {Record<string, Record<string, () => void>>} */
const KEYS = {
  idle: { [KEY_NUMBER]: focusNumber, [KEY_SIGN_UP]: openForm },
  stranger: { [KEY_NUMBER]: focusNumber, [KEY_SIGN_UP]: openForm, [KEY_UNDO]: () => page.send("undo") },
  customer: { [KEY_NUMBER]: focusNumber, [KEY_UNDO]: () => page.send("undo"), [KEY_PAPER]: askForPaper },
  signing_up: { Escape: () => page.send("close") },
};

function askForPaper() {
  if (mayAskForPaper(page.model)) page.send("paper");
}

function focusNumber() {
  document.getElementById("number")?.focus();
}

addEventListener("keydown", (event) => {
  const action = KEYS[page.model.state]?.[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
});

page.start();
listenForWedge(document, (code) => page.send("scan", { code }));
follow({
  url: `/v1/workstations/${encodeURIComponent(workstation_id)}/events`,
  onEvent: (name, data) => page.send(name, { data }),
  onLink: (alive) => page.send("link", { alive }),
});
keepForBadDays();
