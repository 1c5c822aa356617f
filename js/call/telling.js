// SPDX-License-Identifier: MIT

/**
 * Calls a handler of the page. What it throws, now or later, goes to the console.
 * @param {string} name
 * @param {((...args: any[]) => unknown) | null} handler
 * @param {...unknown} args
 */
export function tell(name, handler, ...args) {
  const failed = (/** @type {unknown} */ error) => console.error(`Goop.call: ${name} failed:`, error);
  try {
    Promise.resolve(handler?.(...args)).catch(failed);
  } catch (error) {
    failed(error);
  }
}
