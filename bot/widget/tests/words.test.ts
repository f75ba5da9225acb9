import { describe, expect, it } from "vitest";
import { count, LIMIT } from "../src/composer";
import { refusal, sizeWords } from "../src/files";
import { locate } from "../src/passage";
import { withoutSourceLines } from "../src/sources";
import { clock, countdown, dayKey, daysUntil } from "../src/times";
import { languageOf, wordsOf } from "../src/words";

const zh = wordsOf("zh");
const en = wordsOf("en");

describe("the words", () => {
  it("are English for English tags only", () => {
    expect([languageOf("en-GB"), languageOf("EN"), languageOf("zh-CN"), languageOf(null), languageOf("enx")]).toEqual(["en", "en", "zh", "zh", "zh"]);
  });
  it("exist in both languages, in the same kinds", () => {
    const kinds = (words: object): [string, string][] => Object.entries(words).map(([name, value]) => [name, typeof value]);
    expect(kinds(en)).toEqual(kinds(zh));
    expect(en.scores).toHaveLength(5);
    expect(Object.keys(en.handovers)).toEqual(Object.keys(zh.handovers));
  });
  it("name in English what the service names by a key, and leave Chinese as the service says it", () => {
    expect([en.states["received"], zh.states["received"], en.dimensions["experience"], zh.dimensions["experience"]]).toEqual([
      "Registered", undefined, "Experience", undefined]);
    expect(zh.rateText("请您打分")).toBe("请您打分");
    expect(en.rateText("请您打分")).not.toMatch(/\p{Script=Han}/u);
  });
  it("say in time that a complaint is late", () => {
    expect([zh.due(0, false), zh.due(1, false), zh.due(9, false), zh.due(-2, true), zh.due(0, true)]).toEqual([
      "今天到期", "明天到期", "还有 9 天", "已超时 2 天", "今天已超时"]);
  });
});

describe("the counter", () => {
  it("is silent until the limit is near", () => expect(count("字".repeat(1799), zh)).toBe(""));
  it("counts an emoji as one", () => expect(count("😀".repeat(LIMIT), zh)).toBe("2,000 / 2,000 字"));
  it("says what to do above the limit", () => expect(count("字".repeat(LIMIT + 1), zh)).toContain("请分几次发送"));
});

describe("times", () => {
  it("are those of China", () => {
    expect(clock("2026-05-01T16:05:00Z")).toBe("00:05");
    expect(dayKey("2026-05-01T16:05:00Z")).toBe("2026-05-02");
    expect(daysUntil("2026-05-02T15:59:00Z", new Date("2026-05-01T15:59:00Z"))).toBe(1);
  });
  it("count down and stop at nothing", () => {
    const at = Date.parse("2026-05-01T00:00:00Z");
    expect(countdown("2026-05-01T01:02:03Z", at)).toBe("1:02:03");
    expect(countdown("2026-05-01T00:00:59Z", at)).toBe("00:59");
    expect(countdown("2026-04-30T00:00:00Z", at)).toBe("00:00");
  });
});

describe("a cited sentence", () => {
  it("is found whatever the spaces", () => expect(locate("先受理。首次响应不超过30秒。再回访。", "首次响应不超过 30 秒。")).toEqual([4, 15]));
  it("is not found where it is not", () => {
    expect(locate("别的话。", "首次响应")).toBeNull();
    expect(locate("别的话。", "  ")).toBeNull();
  });
});

describe("source lines", () => {
  const cited = [{ manual: "wenjin", section: "2.2", sentence: "" }];
  it("go, for they are buttons", () => expect(withoutSourceLines("答。\n《运营手册》2.2 服务流程", cited)).toBe("答。"));
  it("stay when they name what is not cited", () => expect(withoutSourceLines("答。\n《运营手册》9.9 别的", cited)).toContain("9.9"));
});

describe("files", () => {
  it("are told in sizes that people read", () => expect([sizeWords(1), sizeWords(64_000), sizeWords(2_500_000)]).toEqual(["1 KB", "64 KB", "2.5 MB"]));
  it("are refused with a reason", () => {
    expect(refusal({ type: "text/plain", size: 9 }, zh)).toBe(zh.wrongType);
    expect(refusal({ type: "image/png", size: 0 }, zh)).toBe(zh.empty);
    expect(refusal({ type: "image/png", size: 10_000_001 }, zh)).toBe(zh.tooLarge);
    expect(refusal({ type: "application/pdf", size: 9 }, zh)).toBe("");
  });
});
