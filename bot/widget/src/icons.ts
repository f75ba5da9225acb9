/** The icons, drawn with a line of 2 on a ground of 24 × 24. */

export const ICONS = {
  ford: "M3 9c2.5-2 4.5-2 7 0s4.5 2 7 0 3-1.5 4-1.5M3 15c2.5-2 4.5-2 7 0s4.5 2 7 0 3-1.5 4-1.5M10.8 4.2a1.2 1.2 0 1 0 2.4 0 1.2 1.2 0 1 0-2.4 0",
  person: "M8 8a4 4 0 1 0 8 0 4 4 0 1 0-8 0M4 20c1.2-4 4.2-6 8-6s6.8 2 8 6",
  clock: "M3 12a9 9 0 1 0 18 0 9 9 0 1 0-18 0M12 7v5l3.5 2",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  alert: "M12 3.5 2.5 20h19L12 3.5ZM12 10v4.5M12 17.2v.3",
  send: "M12 20V5M6 11l6-6 6 6",
  down: "M12 4v15M6 13l6 6 6-6",
  book: "M12 6c-2-1.5-5-2-8-2v14c3 0 6 .5 8 2 2-1.5 5-2 8-2V4c-3 0-6 .5-8 2Zm0 0v14",
  ticket: "M6 3h9l4 4v14H6zM14.5 3v4.5H19M9 12h7M9 16h7",
  chat: "M4 5h16v11H10l-4.5 4v-4H4z",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  thumb: "M4 11h3v9H4zM7 11l4-7.5c1.6.2 2.4 1.4 2 3L12.4 10H18a2 2 0 0 1 2 2.4l-1.2 5.9A2 2 0 0 1 16.8 20H7",
  clip: "m20 11-8.4 8.4a5.2 5.2 0 0 1-7.4-7.4l8.9-8.9a3.5 3.5 0 0 1 5 5l-8.9 8.8a1.7 1.7 0 0 1-2.5-2.4L14.5 7",
} as const;

export type IconName = keyof typeof ICONS;
