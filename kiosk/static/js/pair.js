// A device that is not paired yet: /pair. It shows a code until somebody confirms it at the store's own machine.

import { html, render } from "../vendor/lit-html.js";
import { getContent, postPairing, postPairingClaim } from "./ask.js";
import { chosenLanguage, keepLanguage, speakLanguage } from "./page.js";
import { languages } from "./parts.js";

/** Somebody walks from here to the office; two seconds more are not noticed. */
const ASK_MS = 2_000;

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const content = await getContent().catch(() => ({ language: "en" }));
let texts = await speakLanguage(chosenLanguage(content.language), content);
/** @type {{pairing_id: string, code: string} | null} */
let pairing = null;

/** Where to go once paired: a page of ours and nothing else. */
function destination() {
  const to = new URLSearchParams(location.search).get("to") ?? "/";
  return /^\/(kiosk|cashier|display)(\/[A-Za-z0-9_.-]+)?$/.test(to) ? to : "/";
}

/** @param {string} language */
async function choose(language) {
  keepLanguage(language);
  texts = await speakLanguage(language, content);
  draw();
}

function draw() {
  document.title = texts.say("pair_title");
  const code = pairing === null ? "…" : `${pairing.code.slice(0, 3)} ${pairing.code.slice(3)}`;
  render(
    html`<header class="bar">
        <span class="grow">${content.store_name ?? ""}</span>${languages({ texts, onChoose: choose, offered: content.languages })}
      </header>
      <main class="places">
        <h1>${texts.say("pair_title")}</h1>
        <p class="idle">${texts.say("pair_more")}</p>
        <p class="code" role="status">${code}</p>
      </main>`,
    root,
  );
}

async function ask() {
  try {
    pairing ??= await postPairing();
    draw();
    const { paired } = await postPairingClaim(/** @type {any} */ (pairing).pairing_id);
    if (paired) location.replace(destination());
  } catch {
    pairing = null; // it has expired, or the agent was restarted: the next round shows a new code
  }
  setTimeout(ask, ASK_MS);
}

draw();
ask();
