import { describe, expect, it } from "vitest";
import { EventParser, type ServerEvent } from "../src/stream";

const STREAM = 'event: message\r\nid: 3\r\ndata: {"text":"您好"}\r\n\r\n: ping\r\n\r\nevent: standing\ndata: a\ndata: b\n\ndata:alone\n\n';
const EVENTS = [
  { name: "message", data: '{"text":"您好"}' },
  { name: "standing", data: "a\nb" },
  { name: "message", data: "alone" },
];

function read(pieces: string[]): ServerEvent[] {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

describe("a stream of events", () => {
  it("is read in one piece", () => expect(read([STREAM])).toEqual(EVENTS));
  it("is read letter by letter", () => expect(read([...STREAM])).toEqual(EVENTS));
  it("is read whatever the cut", () => {
    for (let cut = 1; cut < STREAM.length; cut += 1) {
      expect(read([STREAM.slice(0, cut), STREAM.slice(cut)])).toEqual(EVENTS);
    }
  });
  it("holds back an event that is not complete", () => expect(read(["data: half\n"])).toEqual([]));
});
