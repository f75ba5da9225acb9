/** Server-sent events out of a stream of text, whatever pieces it arrives in. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** Puts lines together that were cut anywhere, and events out of lines. */
export class EventParser {
  private rest = "";
  private name = "";
  private data: string[] = [];

  /** Take the next piece and return the events that it completes. */
  push(piece: string): ServerEvent[] {
    this.rest += piece;
    const events: ServerEvent[] = [];
    // a carriage return at the end may be the first half of CR LF: it waits for the next piece
    for (let cut = this.lineEnd(); cut; cut = this.lineEnd()) {
      const line = this.rest.slice(0, cut.at);
      this.rest = this.rest.slice(cut.next);
      const event = this.line(line);
      if (event) events.push(event);
    }
    return events;
  }

  private lineEnd(): { at: number; next: number } | null {
    const at = this.rest.search(/[\r\n]/u);
    if (at < 0) return null;
    if (this.rest[at] === "\n") return { at, next: at + 1 };
    if (at + 1 === this.rest.length) return null;
    return { at, next: this.rest[at + 1] === "\n" ? at + 2 : at + 1 };
  }

  private line(line: string): ServerEvent | null {
    if (line === "") return this.dispatch();
    const [, field, value] = /^([^:]*):? ?(.*)$/su.exec(line) ?? [];
    if (field === "event") this.name = value ?? "";
    else if (field === "data") this.data.push(value ?? "");
    return null;
  }

  private dispatch(): ServerEvent | null {
    const event = this.data.length ? { name: this.name || "message", data: this.data.join("\n") } : null;
    this.name = "";
    this.data = [];
    return event;
  }
}
