// The local API as functions. A problem is thrown as `Problem` with the API's own words: code, message, fix.

/** An agent that does not answer in this time does not answer this person. */
const TIMEOUT_MS = 5_000;
/** The agent waits fifteen seconds for a printer (agent/desk/kiosk_printer.py), and three to reach it. */
const PRINT_TIMEOUT_MS = 20_000;

export class Problem extends Error {
  /** @param {string} code @param {string} message @param {string} fix */
  constructor(code, message, fix) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

/**
 * @param {string} method @param {string} path @param {object} [body] @param {number} [timeout_ms]
 * @returns {Promise<any>}
 */
async function call(method, path, body, timeout_ms = TIMEOUT_MS) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeout_ms),
    });
  } catch {
    throw new Problem("agent_away", "the agent on this PC does not answer", "");
  }
  const answer = await response.json().catch(() => ({})); // some answers have no body
  if (!response.ok) throw new Problem(answer.code ?? "internal", answer.message ?? "", answer.fix ?? "");
  return answer;
}

/** @param {{workstation_id: string, code: string, symbology: string, source: string}} scan */
export const postScan = (scan) => call("POST", "/v1/scans", scan);

/** @param {string} scan_id */
export const deleteScan = (scan_id) => call("DELETE", `/v1/scans/${encodeURIComponent(scan_id)}`);

/** @param {string} workstation_id */
export const postPaper = (workstation_id) =>
  call("POST", `/v1/workstations/${encodeURIComponent(workstation_id)}/paper`, {});

export const postPairing = () => call("POST", "/v1/pairings", {});

/** @param {string} pairing_id */
export const postPairingClaim = (pairing_id) =>
  call("POST", `/v1/pairings/${encodeURIComponent(pairing_id)}/claim`, {});

/** @param {object} body */
export const postInterest = (body) => call("POST", "/v1/interests", body);

/** @param {object} body */
export const postMember = (body) => call("POST", "/v1/members", body);

/** @param {object} body */
export const postVisit = (body) => call("POST", "/v1/visits", body);

/** @param {object} body */
export const postConsent = (body) => call("POST", "/v1/consents", body);

/** @param {object} body */
export const postWithdrawal = (body) => call("POST", "/v1/withdrawals", body);

/** @param {{workstation_id: string, scan_id: string}} body */
export const postHandover = (body) => call("POST", "/v1/handovers", body);

/** A paper of six coupons takes longer than any other answer. @param {{workstation_id: string, scan_id: string}} body */
export const postPrint = (body) => call("POST", "/v1/prints", body, PRINT_TIMEOUT_MS);

/** An id of our own making, which makes a repeat harmless. (`randomUUID` exists on secure origins only.) */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
}

/**
 * The permissions that were given, each with the very words that were shown, as `/v1/members` wants them.
 * @param {any} content @param {Record<string, boolean>} allowed @param {string} language
 */
export function permissionsOf(content, allowed, language) {
  return (content.consents ?? [])
    .filter((/** @type {any} */ each) => allowed[each.purpose])
    .map((/** @type {any} */ { purpose, channel, version, text }) => {
      const [shown = ""] = [language, content.language, ...Object.keys(text)].filter((each) => text[each] !== undefined);
      return { purpose, channel, version, language: shown, text: text[shown] };
    });
}

export const getContent = () => call("GET", "/v1/content");
