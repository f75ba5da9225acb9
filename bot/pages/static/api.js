/** Talk to the server: JSON in, JSON out, problems as one error type. */

/** What the server, or the lack of one, said no with. */
export class Problem extends Error {
  /**
   * @param {number} status 0 when the server was not reached
   * @param {string} code
   * @param {string} detail what people read
   * @param {any} [data] what else the problem says
   */
  constructor(status, code, detail, data = null) {
    super(detail);
    this.data = data;
    this.status = status;
    this.code = code;
  }

  /** Tell whether trying the same again may help. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const csrf = () => document.querySelector('meta[name="csrf"]')?.getAttribute("content") ?? "";

/**
 * Send a request and return its JSON.
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @param {number} [patience] milliseconds before the request is given up
 * @returns {Promise<any>}
 * @throws {Problem}
 */
export async function call(method, url, body, patience = 30000) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf()) headers["X-CSRF-Token"] = csrf();
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new Problem(0, "unreachable", "暂时连不上服务。");
  }
  if (response.status === 204) return null;
  const data = await response.json().catch(() => null);
  if (response.ok && data !== null) return data;
  throw new Problem(response.status, data?.code ?? "error", data?.detail ?? "服务暂时出了问题，请稍后再试。", data);
}
