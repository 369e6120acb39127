// Setup in a browser: what the wizard asks, one question at a time. It asks; this page shows, and carries the answers.

import { html, nothing, render } from "../vendor/lit-html.js";
import { LANGUAGES, LANGUAGE_NAMES, Texts } from "./text.js";

/** Often enough that an answer seems to be taken at once; on loopback it costs nothing. */
const LOOK_MS = 300;
/** After this many looks that failed the wizard has gone: it was ended in its terminal. */
const AWAY_LOOKS = 10;

/**
 * @typedef {{number: number, kind: "text" | "choice" | "yes_no" | "wait", key: string, text?: string, default?: string,
 *            help?: string, wrong?: string, options?: {value: string, label: string}[]}} Asked
 */

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
let texts = await speak(LANGUAGES.find((each) => navigator.language.startsWith(each)) ?? "en");
let is_open = false;
/** @type {string[]} */
let lines = [];
/** @type {Asked | null} */
let asked = null;
let result = "";
let refused = "";
let missed_looks = 0;
/** What was answered last: a question that comes again shows it, to be mended. */
let typed = "";
/** The code stands behind the # of the address: it is never sent with the page, and no history keeps it. */
const code_in_address = decodeURIComponent(location.hash.slice(1));
history.replaceState(null, "", "/");

/** @param {string} language */
async function speak(language) {
  const answer = await fetch(`/v1/setup/words?language=${language}`);
  document.documentElement.lang = language;
  return new Texts(language, await answer.json());
}

/** @param {string} path @param {object} body @returns {Promise<any>} */
async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { ok: answer.ok, ...(await answer.json()) };
}

/** @param {SubmitEvent} event */
async function open(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  const answer = await post("/v1/setup/open", { code: form.get("code"), language: texts.language });
  refused = answer.ok ? "" : texts.has(answer.code) ? texts.say(answer.code) : `${answer.message}; ${answer.fix}`;
  is_open = answer.ok;
  draw();
  if (is_open) look();
}

/** @param {string} text */
async function answer(text) {
  const number = asked?.number;
  if (number === undefined) return;
  typed = text;
  if (asked?.kind !== "wait") asked = null; // a second press answers nothing
  draw();
  await post("/v1/setup/answer", { number, text });
}

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  answer(String(form.get("answer") ?? ""));
}

async function look() {
  try {
    const response = await fetch(`/v1/setup/talk?seen=${lines.length}`);
    if (response.status === 401) return draw(); // another setup stands here now: it asks for its own code
    const told = await response.json();
    missed_looks = 0;
    is_open = true;
    const is_new = told.lines.length > 0 || told.asked?.number !== asked?.number || told.result !== result;
    lines = [...lines, ...told.lines];
    const is_another = told.asked !== null && told.asked.number !== asked?.number;
    asked = told.asked;
    result = told.result;
    if (is_new) draw();
    if (asked !== null && is_another) attend(asked);
  } catch {
    missed_looks += 1;
    if (missed_looks === AWAY_LOOKS) {
      result ||= "left";
      asked = null;
      draw();
    }
  }
  if (result === "") setTimeout(look, LOOK_MS);
}

/**
 * A new question has the focus and its default; one that came again keeps what was typed. Where a scan is awaited
 * nothing has the focus: the keys of a scanner that is a keyboard would press the button.
 * @param {Asked} now
 */
function attend(now) {
  const field = /** @type {HTMLInputElement | null} */ (root.querySelector("#answer"));
  if (field !== null) field.value = now.wrong ? typed : (now.default ?? "");
  if (now.kind === "wait") /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
  else /** @type {HTMLElement | null} */ (root.querySelector("#answer, form input:checked, form button"))?.focus();
}

const header = () => html`<header class="bar">
  <span class="grow">Tillstream</span>
  ${is_open ? nothing : LANGUAGES.map(language)}
</header>`;

/** @param {string} each */
const language = (each) =>
  html`<button class="plain" lang=${each} aria-pressed=${each === texts.language ? "true" : "false"}
    @click=${async () => {
      texts = await speak(each);
      draw();
    }}>${LANGUAGE_NAMES[each]}</button>`;

/** Commands stand between backticks in the words. @param {string} said */
const with_commands = (said) => said.split("`").map((part, place) => (place % 2 ? html`<code>${part}</code>` : part));

const door = () => html`<form @submit=${open}>
  <label class="ask" for="code">${texts.say("code_label")}</label>
  <p class="quiet" id="code_help">${with_commands(texts.say("code_hint"))}</p>
  <input type="text" id="code" name="code" autocomplete="off" spellcheck="false" required maxlength="64"
    value=${code_in_address} aria-describedby="code_help" />
  <p class="wrong" role="alert">${with_commands(refused)}</p>
  <button class="main">${texts.say("begin")}</button>
</form>`;

/** @param {Asked} now */
function question(now) {
  const about = html`${now.help ? html`<p class="quiet" id="help">${now.help}</p>` : nothing}
    <p class="wrong" role="alert" id="wrong">${now.wrong}</p>`;
  switch (now.kind) {
    case "wait":
      return html`<p role="status">${texts.say(`wait_${now.key}`)}</p>
        <p><button @click=${() => answer("")}>${texts.say(`enough_${now.key}`)}</button></p>`;
    case "yes_no":
      return html`<form @submit=${submit}><fieldset><legend>${now.text}</legend>${about}
        <p class="actions">${(now.options ?? []).map(
          (each) => html`<button type="button" class=${each.value === now.default ? "main" : ""}
            @click=${() => answer(each.value)}>${each.label}</button>`,
        )}</p></fieldset></form>`;
    case "choice":
      return html`<form @submit=${submit}><fieldset><legend>${now.text}</legend>${about}
        ${(now.options ?? []).map(
          (each) => html`<label class="option"><input type="radio" name="answer" value=${each.value}
            ?checked=${each.value === now.default} />${each.label}</label>`,
        )}</fieldset>
        <p><button class="main">${texts.say("next")}</button></p></form>`;
    case "text":
      return html`<form @submit=${submit}><label class="ask" for="answer">${now.text}</label>${about}
        <input type="text" id="answer" name="answer" autocomplete="off" spellcheck="false" maxlength="500"
          aria-describedby=${now.help ? "help wrong" : "wrong"} aria-invalid=${now.wrong ? "true" : "false"} />
        <p><button class="main">${texts.say("next")}</button></p></form>`;
  }
}

function draw() {
  document.title = texts.say("heading");
  const working = asked === null && result === "";
  render(
    html`${header()}
      <main class="setup">
        <h1>${texts.say("heading")}</h1>
        ${!is_open ? door() : nothing}
        ${is_open
          ? html`<pre class="lines" role="log" tabindex="0" aria-label=${texts.say("told_so_far")}>${lines.join("\n")}</pre>
              ${asked !== null ? question(asked) : nothing}
              <p role="status" class=${result ? "ended" : ""}>${working ? texts.say("working") : result ? texts.say(`ended_${result}`) : ""}</p>`
          : nothing}
      </main>`,
    root,
  );
  const log = root.querySelector(".lines");
  if (log !== null) log.scrollTop = log.scrollHeight; // what came last is what somebody looks for, at the end, too
}

draw();
look();
