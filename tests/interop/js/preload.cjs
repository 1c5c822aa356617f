// SPDX-License-Identifier: MIT
// js-libp2p 3 expects Promise.withResolvers, which Node.js has since version 22.
Promise.withResolvers ??= function () { const made = {}; made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject })); return made }
