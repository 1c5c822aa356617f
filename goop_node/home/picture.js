// SPDX-License-Identifier: MIT
// The picture that others see of us: taken from a file, cut to a square and made small here.

import { $, call, make, note } from "./dom.js";

/** Pixels of a side: whatever is on it, the picture is not too large for a request. */
const SIDE = 192;

/** The middle of any picture that the browser can show, as a PNG in base64. */
async function square(file) {
  const whole = await createImageBitmap(file);
  const side = Math.min(whole.width, whole.height);
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  const [left, top] = [(whole.width - side) / 2, (whole.height - side) / 2];
  canvas.getContext("2d").drawImage(whole, left, top, side, side, 0, 0, SIDE, SIDE);
  return canvas.toDataURL("image/png").split(",")[1];
}

/**
 * Show our picture in place of our initial, where we have one.
 * @param {string} hash  what the node calls it, "" for none
 */
export function showPicture(hash) {
  $("picture-remove").hidden = !hash;
  if (!hash) return;
  const picture = make("img", { alt: "", src: `/api/avatar?of=${hash}` });
  $("my-avatar").replaceChildren(picture);
}

/**
 * Let the person choose a picture, or take it away.
 * @param {() => Promise<unknown>} again  reads what the node says of us
 */
export function offerPicture(again) {
  const set = async (png, words) => {
    try {
      await call("/api/avatar", { png: await png });
      await again();
      note($("rename-note"), words, "good");
    } catch (error) {
      const unread = error instanceof DOMException;
      note($("rename-note"), unread ? "This file is no picture that your browser can read." : error.message, "bad");
    }
  };
  $("picture-choose").addEventListener("click", () => $("picture-file").click());
  $("picture-file").addEventListener("change", async () => {
    const [file] = $("picture-file").files;
    $("picture-file").value = ""; // so that the same file may be chosen again
    if (file) await set(square(file), "Saved. Others see the picture in a moment.");
  });
  $("picture-remove").addEventListener("click", () => set(null, "Others see no picture of you any more."));
}
