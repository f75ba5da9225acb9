/** Messages that the server pushes: reconnects with growing pauses and asks for what was missed. */

import { type Api, Problem } from "./api";
import { EventParser, type ServerEvent } from "./stream";
import type { Message, Standing } from "./types";

const FIRST = 1000;
const LONGEST = 15_000;
const SILENCE = 45_000; // the server says something every 15 seconds

export interface Listener {
  /** the last message before which none is missing */
  seq: () => number;
  take: (messages: Message[]) => void;
  standing: (standing: Standing) => void;
  connected: (on: boolean) => void;
  renew: () => Promise<void>;
}

export class Events {
  private pause = FIRST;
  private timer = 0;
  private watch = 0;
  private heard = 0;
  private reading: AbortController | null = null;

  /** `life` ends everything when the widget leaves the page. */
  constructor(
    private readonly api: Api,
    private readonly listener: Listener,
    private readonly life: AbortSignal,
  ) {
    const options = { signal: life };
    addEventListener("online", () => this.again(0), options);
    addEventListener("offline", () => this.lose(), options);
    addEventListener("pageshow", (event) => event.persisted && this.again(0), options);
    document.addEventListener("visibilitychange", () => !document.hidden && this.stale() && this.again(0), options);
    life.addEventListener("abort", () => this.close());
  }

  /** Connect; whatever came since the last message is sent first. */
  open(): void {
    if (this.life.aborted) return;
    this.close();
    const reading = new AbortController();
    this.reading = reading;
    this.listen();
    void this.read(reading).catch((problem: unknown) => {
      if (reading.signal.aborted) return;
      this.close();
      this.listener.connected(false);
      this.again(this.pause * (0.75 + Math.random() / 2), problem instanceof Problem && problem.stranger);
      this.pause = Math.min(this.pause * 2, LONGEST);
    });
  }

  /** Ask for what was missed. Throws `Problem`. */
  async refresh(): Promise<void> {
    const news = (await this.api.call("GET", `/api/chat/messages?after=${this.listener.seq()}`)) as { messages: Message[]; standing?: Standing };
    this.listener.take(news.messages);
    if (news.standing) this.listener.standing(news.standing);
  }

  /** Connect now where that waits: the server has just been reached in another way. */
  hurry(): void {
    if (!this.reading) this.again(0);
  }

  private close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.reading?.abort();
    this.reading = null;
  }

  /** The network is gone: a connection that is being made, or hangs on, must not say otherwise. */
  private lose(): void {
    this.close();
    this.listener.connected(false);
    this.again(this.pause);
  }

  private stale(): boolean {
    return !this.reading || Date.now() - this.heard > SILENCE;
  }

  private again(delay: number, stranger = false): void {
    if (this.life.aborted) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.comeBack(stranger), delay);
  }

  private async comeBack(stranger: boolean): Promise<void> {
    try {
      if (stranger) await this.listener.renew();
      else await this.refresh();
    } catch (problem) {
      if (problem instanceof Problem && problem.stranger) await this.listener.renew().catch(() => undefined);
    }
    this.open();
  }

  private async read(reading: AbortController): Promise<void> {
    const response = await this.api.raw(`/api/chat/events?after=${this.listener.seq()}`, reading.signal, "text/event-stream");
    if (reading.signal.aborted) return;
    this.pause = FIRST;
    this.listener.connected(true);
    const parser = new EventParser();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) throw new Problem(0, "ended", "");
      this.listen();
      for (const event of parser.push(piece.value)) this.take(event);
    }
  }

  /** Note that the server was heard; a connection that falls silent is given up. */
  private listen(): void {
    this.heard = Date.now();
    clearTimeout(this.watch);
    this.watch = window.setTimeout(() => this.again(0), SILENCE);
  }

  private take({ name, data }: ServerEvent): void {
    const value = parsed(data);
    if (name === "message" && typeof value?.id === "string" && typeof value.seq === "number") this.listener.take([value as Message]);
    else if (name === "standing" && typeof value?.mode === "string") this.listener.standing(value as Standing);
  }
}

function parsed(data: string): Partial<Message & Standing> | null {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
