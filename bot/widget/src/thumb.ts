/** Pictures drawn on a canvas: no address to allow, so that a strict Content-Security-Policy shows them too. */

import { el } from "./dom";

const WIDE = 400; // px of the drawing, twice what is shown
const HIGH = 300;

/** Return a picture of an image file, cut to the box; null for what cannot be drawn. */
export async function thumb(image: Blob, label: string): Promise<HTMLCanvasElement | null> {
  try {
    const drawn = await createImageBitmap(image);
    const canvas = el("canvas", { role: "img", "aria-label": label, width: WIDE, height: HIGH });
    const scale = Math.max(WIDE / drawn.width, HIGH / drawn.height);
    const [width, height] = [drawn.width * scale, drawn.height * scale];
    canvas.getContext("2d")?.drawImage(drawn, (WIDE - width) / 2, (HIGH - height) / 2, width, height);
    drawn.close();
    return canvas;
  } catch {
    return null;
  }
}
