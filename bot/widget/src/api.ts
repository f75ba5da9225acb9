/** Talk to the server: JSON in, JSON out, problems as one error type; by cookie at home, by bearer elsewhere. */

import type { Memory } from "./memory";
import type { Session } from "./types";
import type { Words } from "./words";

const PATIENCE = 30_000;
const UPLOAD_PATIENCE = 120_000;
const SESSION = "session";

/** What the server, or the lack of one, said no with; `status` is 0 when it was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }

  /** Tell whether trying the same again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Tell whether the server was not there at all: then nothing that follows would get through either. */
  get away(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504);
  }

  /** Tell whether the session is no longer known. */
  get stranger(): boolean {
    return [401, 403, 404].includes(this.status);
  }
}

export type Identity = () => Promise<string> | string;

export interface Place {
  /** base URL without a slash at its end */
  server: string;
  /** the host's signed token of who the customer is; null where nobody tells */
  identity: Identity | null;
  memory: Memory;
  words: Words;
}

export class Api {
  private readonly bearer: boolean;
  private session = "";

  constructor(private readonly place: Place) {
    this.bearer = place.identity !== null || place.server !== location.origin;
    // a guest who signs in at the host takes along what was said before
    if (this.bearer) this.session = place.memory.get(SESSION) ?? "";
  }

  /** Tell whether files need our credential, which an image or a link cannot carry. */
  get carriesBearer(): boolean {
    return this.bearer;
  }

  href(path: string): string {
    return this.place.server === location.origin ? path : this.place.server + path;
  }

  /** Open the session, or a new one where the old is no longer known. */
  async open(): Promise<Session> {
    const token = await this.place.identity?.();
    const opened = (await this.call("POST", "/api/chat/session", token ? { token } : {})) as Session;
    if (this.bearer && opened.session) {
      this.session = opened.session;
      // a named customer is not kept: the next person at this browser is somebody else
      this.place.memory.set(SESSION, this.place.identity ? null : opened.session);
    }
    return opened;
  }

  /** Forget the session and open another. */
  async renew(): Promise<Session> {
    this.session = "";
    return this.open();
  }

  /** Send a request and return its JSON, null where there is none. Throws `Problem`. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = { Accept: "application/json", ...this.credential() };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await this.fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (response.status === 204) return null;
    const data = await response.json().catch(() => null);
    if (response.ok && data !== null) return data;
    throw new Problem(response.status, data?.code ?? "error", data?.detail ?? this.place.words.trouble);
  }

  /** Return a response whose body is read as it comes, or as bytes. Throws `Problem`. */
  async raw(path: string, signal: AbortSignal, accept = "*/*"): Promise<Response> {
    const response = await this.fetch(path, { headers: { Accept: accept, ...this.credential() }, cache: "no-store", signal });
    if (!response.ok) throw new Problem(response.status, "error", this.place.words.trouble);
    return response;
  }

  /** Send one file and tell how far it is, from 0 to 1. Throws `Problem`. */
  upload(file: File, progress: (part: number) => void): Promise<void> {
    const { words } = this.place;
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.href("/api/chat/files"));
      request.timeout = UPLOAD_PATIENCE;
      for (const [name, value] of Object.entries({ Accept: "application/json", ...this.credential() })) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
      request.addEventListener("load", () =>
        request.status < 300 ? done() : fail(new Problem(request.status, "error", detailOf(request.responseText) || words.uploadFailed)));
      for (const name of ["error", "timeout"]) request.addEventListener(name, () => fail(new Problem(0, "unreachable", words.uploadCut)));
      const form = new FormData();
      form.append("file", file);
      request.send(form);
    });
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.href(path), { ...init, credentials: this.bearer ? "omit" : "same-origin" });
    } catch {
      throw new Problem(0, "unreachable", this.place.words.unreachable);
    }
  }

  private credential(): Record<string, string> {
    return this.session ? { Authorization: `Bearer ${this.session}` } : {};
  }
}

function detailOf(body: string): string {
  try {
    return String(JSON.parse(body).detail ?? "");
  } catch {
    return "";
  }
}
