/** Dates and times as people in China read them, whatever the clock of their machine is set to. */

import type { Language } from "./words";

const zone = { timeZone: "Asia/Shanghai" } as const;
const keyFormat = new Intl.DateTimeFormat("sv-SE", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });
const clockFormat = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormats: Record<Language, Intl.DateTimeFormat> = {
  zh: new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric" }),
  en: new Intl.DateTimeFormat("en-GB", { ...zone, month: "long", day: "numeric" }),
};

/** Return "2026-05-01", to tell days apart. */
export const dayKey = (iso: string): string => keyFormat.format(new Date(iso));

/** Return "5月1日" or "1 May". */
export const dayName = (iso: string, language: Language): string => dayFormats[language].format(new Date(iso));

/** Return "09:05". */
export const clock = (iso: string): string => clockFormat.format(new Date(iso));

/** Return whole calendar days until a time: 0 today, negative when its day has passed. */
export const daysUntil = (iso: string, now: Date): number =>
  Math.round((Date.parse(dayKey(iso)) - Date.parse(dayKey(now.toISOString()))) / 86_400_000);

/** Return what is left until a time as "1:02:03" or "02:03"; "00:00" when it has passed. */
export function countdown(iso: string, now: number): string {
  const left = Math.max(0, Math.ceil((Date.parse(iso) - now) / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}
