import { beforeEach, describe, expect, it } from "vitest";
import { freshKey, isYoung, Letters } from "../src/letters";
import { type Memory, memoryIn } from "../src/memory";

const letter = (key: string, at: number) => ({ key, text: `文字 ${key}`, shown: `显示 ${key}`, at });
let storage: Record<string, string>;
let memory: Memory;

/** A storage whose keys are its own properties, as a browser's are. */
function storageOf(kept: Record<string, string>): Storage {
  return Object.assign(Object.create({
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => (kept[key] = value),
    removeItem: (key: string) => delete kept[key],
  }), kept) as Storage;
}

beforeEach(() => {
  storage = {};
  memory = memoryIn(() => storageOf(storage), "wenjin:");
});

describe("letters that wait", () => {
  it("come back in the order in which they were written", () => {
    const letters = new Letters(memory, () => "c1");
    letters.keep(letter("b", 2));
    letters.keep(letter("a", 1));
    expect(letters.left()).toEqual([letter("a", 1), letter("b", 2)]);
    letters.drop(letter("a", 1));
    expect(letters.left()).toEqual([letter("b", 2)]);
  });
  it("stay with their conversation", () => {
    new Letters(memory, () => "c1").keep(letter("a", 1));
    expect(new Letters(memory, () => "c2").left()).toEqual([]);
  });
  it("are not kept before the conversation is known", () => {
    new Letters(memory, () => "").keep(letter("a", 1));
    expect(storage).toEqual({});
  });
  it("that are broken are left out", () => {
    storage["wenjin:letter:c1:x"] = "{";
    storage["wenjin:letter:c1:y"] = '{"key":"y"}';
    expect(new Letters(memory, () => "c1").left()).toEqual([]);
  });
  it("have keys of their own", () => expect(new Set(Array.from({ length: 99 }, freshKey)).size).toBe(99));
  it("are sent without asking while they are young", () => {
    expect(isYoung(letter("a", 0), 60_000)).toBe(true);
    expect(isYoung(letter("a", 0), 3_600_000)).toBe(false);
  });
});

describe("a browser that keeps nothing", () => {
  it("is no error", () => {
    const none = memoryIn(() => {
      throw new Error("denied");
    }, "wenjin:");
    none.set("a", "1");
    expect([none.get("a"), none.keys("")]).toEqual([null, []]);
  });
});
