// SPDX-License-Identifier: MIT
// PeerJS's own server, and a page that calls through it: `node server.mjs`, which prints its port.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import express from "express";
import { ExpressPeerServer } from "peer";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const app = express();
const server = createServer(app);
app.use("/peer", ExpressPeerServer(server));
app.get("/", (_, response) => response.sendFile(file("page.html")));
app.get("/peerjs.js", (_, response) => response.sendFile(file("node_modules/peerjs/dist/peerjs.min.js")));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
