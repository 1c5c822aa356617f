// SPDX-License-Identifier: MIT
// The signs on the buttons of a call: lines of 24 by 24, in the colour of the words.

const SVG = "http://www.w3.org/2000/svg";

/** What each is drawn as. A stroke across it says that it is off. */
const SHAPES = {
  microphone: "M9 5a3 3 0 0 1 6 0v6a3 3 0 0 1-6 0zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  camera: "M4 7.5h9.5a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15V9A1.5 1.5 0 0 1 4 7.5zM15 11l6-3.5v9L15 13",
  screen: "M3.5 5h17v11.5h-17zM9 20h6M12 13.5V8M9.5 10.5 12 8l2.5 2.5",
  inset: "M3.5 5h17v14h-17zM12.5 12.5h5.5v4h-5.5z",
  devices: "M4 8h9M17 8h3M4 16h3M11 16h9M15 6v4M9 14v4",
  hangUp: "M3 14.5c5-5 13-5 18 0l-2.5 2.5-3.5-2v-2.5a11 11 0 0 0-6 0V15l-3.5 2z",
};

/**
 * @param {keyof typeof SHAPES} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [className, d] of [["shape", SHAPES[name]], ["slash", "M4 4l16 16"]]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", className);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
