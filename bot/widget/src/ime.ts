/** Enter and input methods: the Enter that ends a composition never sends. */

const SAME_STROKE = 40; // ms; some browsers end the composition before they report its last key

export interface Key {
  key: string;
  keyCode: number;
  shiftKey: boolean;
  isComposing: boolean;
  timeStamp: number;
}

/**
 * Tell what a key press means: "send", "type" (the field's own business) or "end" (the Enter that took a
 * candidate: it neither sends nor breaks the line). `ended` is when the last composition ended, in the time of events.
 */
export function meaningOf(press: Key, ended: number): "send" | "type" | "end" {
  if (press.key !== "Enter" || press.shiftKey) return "type";
  if (press.isComposing || press.keyCode === 229) return "type";
  return press.timeStamp - ended > SAME_STROKE ? "send" : "end";
}
