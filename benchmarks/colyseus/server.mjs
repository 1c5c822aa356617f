// SPDX-License-Identifier: MIT
// A Colyseus server whose room passes positions on at once: `node server.mjs PORT`.
import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

class Field extends Room {
  onCreate() {
    this.onMessage("at", (client, at) => this.broadcast("at", at, { except: client }));
  }
}

const server = new Server({ transport: new WebSocketTransport(), greet: false });
server.define("field", Field);
await server.listen(Number(process.argv[2]), "127.0.0.1");
console.log("ready");
