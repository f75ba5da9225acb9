/** Cards: ticket, quiz item, quiz feedback and result, hand-over. */

import { el, icon } from "../dom.js";
import { clock, dayName, due } from "../times.js";
import { edition, source } from "./sources.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Hands} Hands */

const FINAL = new Set(["closed", "withdrawn"]);
const CLOCK_STOPS = new Set([...FINAL, "answered", "decided"]);

/** @param {string} term @param {unknown} value @returns {HTMLElement[]} nothing when there is no value */
const fact = (term, value) => (value ? [el("dt", { text: term }), el("dd", { text: value })] : []);

/** @param {string} words @param {string} level @param {string} sign @returns {HTMLElement} */
const tag = (words, level, sign) => el("span", { class: `tag${level ? ` tag--${level}` : ""}` }, icon(sign), words);

/**
 * Show a complaint's number, state, clock and facts.
 * @param {Message} message
 * @returns {HTMLElement}
 */
export function ticketCard({ data, actor }) {
  // news about a ticket needs its number and state, not its facts again
  const facts = actor === "handler" ? [] : [...fact("事由", data.matter), ...fact("产品或服务", data.product),
    ...fact("诉求", data.demand), ...fact("联系方式", data.contact_masked)];
  const left = data.due_at && !CLOCK_STOPS.has(data.state) ? due(data.due_at) : null;
  const dueLine = data.due_at && `${dayName(data.due_at)}前${data.rule ? `（${data.rule}）` : ""}`;
  return el(
    "section",
    { class: "card", "aria-label": `投诉工单 ${data.number}` },
    el(
      "div",
      { class: "card__head" },
      el("span", { class: "ticketno", text: data.number }),
      el("span", { class: "row" }, tag(data.state_label, "accent", FINAL.has(data.state) ? "check" : "ticket"),
        left && tag(left.words, left.level, left.level === "danger" ? "alert" : "clock")),
    ),
    el("dl", { class: "facts" }, ...facts, ...fact("办理时限", CLOCK_STOPS.has(data.state) ? "" : dueLine)),
    typeof data.link === "string" && data.link.startsWith("/t/") && el("a", { class: "btn", href: data.link, text: "查看进度" }),
  );
}

/**
 * Show one question with big targets; a typed answer stays possible.
 * @param {Message} message
 * @param {Hands} hands
 * @returns {HTMLElement}
 */
export function quizCard({ data, text }, hands) {
  const options = data.options?.length ? data.options : data.type === "true_false" ? TRUE_FALSE : [];
  const legend = el("legend", { class: "prose", text: data.stem ?? text });
  const head = el("div", { class: "card__head" },
    el("h3", { text: `第 ${data.index} 题，共 ${data.total} 题` }), el("span", { class: "tag", text: data.type_label ?? TYPES[data.type] ?? "题目" }));
  const scenario = data.scenario ? [el("p", { class: "prose muted", text: `案例：${data.scenario}` })] : [];
  const body = data.type === "multiple" ? manyOptions(options, hands) : oneOption(options, hands);
  return el("section", { class: "card quiz", "aria-label": `测验第 ${data.index} 题` }, head, ...scenario,
    el("fieldset", {}, legend, ...body));
}

const TYPES = { single: "单选题", multiple: "多选题", true_false: "判断题", fill: "填空题", numeric: "数字题" };
const TRUE_FALSE = [{ key: "对", text: "正确" }, { key: "错", text: "错误" }];

/** @param {{key: string, text: string}[]} options @param {Hands} hands @returns {HTMLElement[]} */
function oneOption(options, hands) {
  if (!options.length) return [el("p", { class: "muted small", text: "请在下方输入答案后发送。" })];
  const buttons = options.map(({ key, text }) =>
    el("button", { class: "option", type: "button", onclick: () => hands.send(key, `${key} ${text}`) },
      el("span", { class: "option__key", text: key }), el("span", { text })));
  return [el("div", { class: "options" }, ...buttons)];
}

/** @param {{key: string, text: string}[]} options @param {Hands} hands @returns {HTMLElement[]} */
function manyOptions(options, hands) {
  const boxes = options.map(({ key }) => el("input", { type: "checkbox", value: key }));
  const chosen = () => boxes.filter((box) => /** @type {HTMLInputElement} */ (box).checked).map((box) => box.getAttribute("value"));
  const submit = el("button", { class: "btn btn--main", type: "button", disabled: true, text: "提交",
    onclick: () => hands.send(chosen().join("")) });
  const rows = options.map(({ key, text }, i) =>
    el("label", { class: "option" }, boxes[i], el("span", { class: "option__key", text: key }), el("span", { text })));
  const list = el("div", { class: "options", onchange: () => submit.toggleAttribute("disabled", chosen().length === 0) }, ...rows);
  return [el("p", { class: "muted small", text: "可选多项。" }), list, submit];
}

/**
 * Show whether an answer was right, why, and where it says so.
 * @param {Message} message
 * @param {Hands} hands
 * @returns {HTMLElement}
 */
export function feedbackCard({ data }, hands) {
  const key = data.right ?? [data.answer ?? []].flat().join("、");
  const points = data.max_points === undefined ? "" : `${data.points} / ${data.max_points} 分`;
  return el(
    "section",
    { class: "card", "aria-label": data.correct ? "回答正确" : "回答不对" },
    el("div", { class: "card__head" },
      data.correct ? tag("回答正确", "accent", "check") : tag("回答不对", "danger", "cross"), el("span", { class: "muted", text: points })),
    !data.correct && key && el("p", { text: `正确答案：${key}` }),
    data.explanation && el("p", { class: "prose", text: data.explanation }),
    data.sentence && el("blockquote", { class: "quote", text: data.sentence }),
    data.section && source({ manual: data.manual ?? edition(), title: data.title, section: data.section, sentence: data.sentence ?? "" }, hands),
  );
}

/**
 * Show the marks of a finished paper.
 * @param {Message} message
 * @returns {HTMLElement}
 */
export function resultCard({ data }) {
  return el(
    "section",
    { class: "card", "aria-label": "测验结果" },
    el("div", { class: "card__head" }, el("h3", { text: `得分 ${data.score} / ${data.max_score}` }),
      data.passed ? tag("合格", "accent", "check") : tag("未合格", "danger", "cross")),
    el("p", { class: "muted", text: `合格线 ${data.pass_percent}%。` }),
    el("a", { class: "btn", href: data.attempt_id ? `/training/attempts/${encodeURIComponent(data.attempt_id)}/result` : "/training",
      text: "逐题回顾" }),
  );
}

const HANDOVER = { leave: ["请留言", "", "chat"], left: ["留言已记下", "accent", "check"], requested: ["等待人工接入", "warn", "clock"], taken: ["人工已接入", "accent", "person"], ended: ["人工服务已结束", "", "check"] };

/**
 * Show where a hand-over stands.
 * @param {Message} message
 * @returns {HTMLElement}
 */
export function handoverCard({ data, text, at }) {
  const [words, level, sign] = HANDOVER[data.state] ?? HANDOVER.requested;
  return el("section", { class: "card", "aria-label": "转人工" },
    el("div", { class: "card__head" }, tag(words, level, sign), el("span", { class: "muted small", text: clock(at) })),
    el("p", { class: "prose", text }));
}
