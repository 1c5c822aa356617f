// SPDX-License-Identifier: MIT
// A dot on the page's own icon, for as long as something waits.

const ICON = 'link[rel~="icon"]';

/**
 * The page's icon as a data: URL, or "" where there is none to be had.
 * @param {string} address
 * @returns {Promise<string>}
 */
async function read(address) {
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) return "";
    const reader = new FileReader();
    const read = new Promise((resolve) => reader.addEventListener("loadend", resolve, { once: true }));
    reader.readAsDataURL(await answer.blob());
    await read;
    return String(reader.result ?? "");
  } catch {
    return "";
  }
}

/** @param {string} icon a data: URL, or "" */
function marked(icon) {
  const image = icon && `<image href="${icon}" width="64" height="64"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${image}<circle cx="48" cy="16" r="16" fill="#fff"/><circle cx="48" cy="16" r="12.5" fill="#d6361f"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export class Mark {
  constructor() {
    this.wanted = false;
    /** The page's own address of its icon. @type {string | null} */
    this.own = null;
    /** @type {Promise<string> | null} */
    this.made = null;
  }

  /** @param {boolean} wanted */
  async show(wanted) {
    if (this.wanted === wanted) return;
    this.wanted = wanted;
    const link = /** @type {HTMLLinkElement} */ (document.head.querySelector(ICON) ?? this.addLink());
    this.own ??= link.getAttribute("href") ?? "";
    this.made ??= read(this.own || "/favicon.ico").then(marked);
    const icon = wanted ? await this.made : this.own;
    if (this.wanted === wanted) link.href = icon;
  }

  addLink() {
    const link = document.createElement("link");
    link.rel = "icon";
    link.setAttribute("href", "/favicon.ico");
    document.head.append(link);
    return link;
  }
}
