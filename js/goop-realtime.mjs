// SPDX-License-Identifier: MIT
// The same script for modules: `import { realtime } from "/sdk/goop-realtime.mjs"`.
/// <reference path="./goop.d.ts" />
import "./goop-realtime.js";

export const realtime = Goop.realtime;
export const GoopError = Goop.realtime.GoopError;
export default realtime;
