// The local API as functions. A problem is thrown as `Problem` with the API's own words: code, message, fix.

/** An agent that does not answer in this time does not answer this person. */
const TIMEOUT_MS = 5_000;

export class Problem extends Error {
  /** @param {string} code @param {string} message @param {string} fix */
  constructor(code, message, fix) {
    super(message);
    this.code = code;
    this.fix = fix;
  }
}

/**
 * @param {string} method @param {string} path @param {object} [body]
 * @returns {Promise<any>}
 */
async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Problem("agent_away", "the agent on this PC does not answer", "");
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(answer.code ?? "internal", answer.message ?? "", answer.fix ?? "");
  return answer;
}

/** @param {{workstation_id: string, code: string, symbology: string, source: string}} scan */
export const postScan = (scan) => call("POST", "/v1/scans", scan);

/** @param {string} scan_id */
export const deleteScan = (scan_id) => call("DELETE", `/v1/scans/${encodeURIComponent(scan_id)}`);

export const getContent = () => call("GET", "/v1/content");
