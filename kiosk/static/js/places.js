// The list of this shop's screens: /, /cashier and /display without a workstation.

import { html, render } from "../vendor/lit-html.js";
import { getContent } from "./ask.js";
import { chosenLanguage, keepForBadDays, keepLanguage, speakLanguage } from "./page.js";
import { languages } from "./parts.js";

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const content = await getContent().catch(() => ({ language: "en", workstations: [], kiosks: [] }));
let texts = await speakLanguage(chosenLanguage(content.language), content);

/** @param {string} language */
async function choose(language) {
  keepLanguage(language);
  texts = await speakLanguage(language, content);
  draw();
}

/** @param {string} title @param {string} kind @param {string[]} ids @param {string} label */
const list = (title, kind, ids, label) =>
  html`<section>
    <h2>${texts.say(title)}</h2>
    <ul>
      ${ids.map(
        (id) =>
          html`<li><a class="button" href="/${kind}/${encodeURIComponent(id)}">${texts.say(label, { id })}</a></li>`,
      )}
    </ul>
  </section>`;

function draw() {
  document.title = texts.say("places_title");
  render(
    html`<header class="bar">
        <span class="grow">${content.store_name ?? ""}</span>${languages({ texts, onChoose: choose, offered: content.languages })}
      </header>
      <main class="places">
        <h1>${texts.say("places_title")}</h1>
        ${list("places_cashier", "cashier", content.workstations, "workstation")}
        ${list("places_display", "display", content.workstations, "workstation")}
        ${list("places_kiosk", "kiosk", content.kiosks, "kiosk")}
      </main>`,
    root,
  );
}

draw();
keepForBadDays();
