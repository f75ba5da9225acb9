import { describe, expect, it } from "vitest";
import { meaningOf } from "../src/ime";

const enter = { key: "Enter", keyCode: 13, shiftKey: false, isComposing: false, timeStamp: 10_000 };
const NEVER = Number.NEGATIVE_INFINITY;

describe("what Enter means", () => {
  it("sends when nothing is composed", () => expect(meaningOf(enter, NEVER)).toBe("send"));
  it("breaks the line with Shift", () => expect(meaningOf({ ...enter, shiftKey: true }, NEVER)).toBe("type"));
  it("belongs to the input method while it composes", () => {
    expect(meaningOf({ ...enter, isComposing: true }, NEVER)).toBe("type");
    expect(meaningOf({ ...enter, keyCode: 229 }, NEVER)).toBe("type");
  });
  it("takes a candidate where the composition ends before its key is reported", () =>
    expect(meaningOf(enter, enter.timeStamp - 3)).toBe("end"));
  it("sends again soon after a composition", () => expect(meaningOf(enter, enter.timeStamp - 300)).toBe("send"));
  it("leaves other keys alone", () => expect(meaningOf({ ...enter, key: "a" }, NEVER)).toBe("type"));
});
