/** Dates and times as people in China read them, whatever the clock of their machine is set to. */

const zone = { timeZone: "Asia/Shanghai" };
const dayFormat = new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric" });
const keyFormat = new Intl.DateTimeFormat("sv-SE", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });
const clockFormat = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** @param {string} iso @returns {string} "2026-05-01", to tell days apart */
export const dayKey = (iso) => keyFormat.format(new Date(iso));

/** @param {string} iso @returns {string} "5月1日" */
export const dayName = (iso) => dayFormat.format(new Date(iso));

/** @param {string} iso @returns {string} "09:05" */
export const clock = (iso) => clockFormat.format(new Date(iso));

/**
 * Say how far off a due date is, in calendar days.
 * @param {string} iso
 * @param {Date} [now]
 * @returns {{words: string, level: "" | "warn" | "danger"}}
 */
export function due(iso, now = new Date()) {
  const days = Math.round((Date.parse(dayKey(iso)) - Date.parse(dayKey(now.toISOString()))) / 86400000);
  if (new Date(iso) < now) return { words: days === 0 ? "今天已超时" : `已超时 ${-days} 天`, level: "danger" };
  if (days === 0) return { words: "今天到期", level: "warn" };
  if (days === 1) return { words: "明天到期", level: "warn" };
  return { words: `还有 ${days} 天`, level: days <= 3 ? "warn" : "" };
}
