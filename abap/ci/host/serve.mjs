// Serves the handler on a WebSocket of 127.0.0.1 and prints where: http://127.0.0.1:PORT
//
// node host/serve.mjs [--package NAME=DIR]… [--object-cost MS] [--fail "CLAS ZCL_X=why"]…
//                     [--fatal "CLAS ZCL_X"]… [--forbid "CLAS ZCL_X"]… [--set NAME=NUMBER]… [--without-abapgit | --old-abapgit] [--port PORT]
import http from "node:http";
import {parseArgs} from "node:util";
import {WebSocketServer} from "ws";
import {initializeABAP} from "../output/init.mjs";
import {Channel, timers} from "./channel.mjs";
import {Packages} from "./packages.mjs";
import {forbidden} from "./setup.mjs";

const PATHS = ["/sap/bc/apc/sap/zlonghaul"];
const MAX_MESSAGE_BYTES = 16 << 20;

const many = {type: "string", multiple: true, default: []};
const {values: options} = parseArgs({
  options: {
    package: many,
    fail: many,
    fatal: many,
    forbid: many,
    set: many,
    "object-cost": {type: "string", default: "0"},
    "without-abapgit": {type: "boolean", default: false},
    "old-abapgit": {type: "boolean", default: false},
    port: {type: "string", default: "0"},
  },
});

/** The two sides of the first equals sign. */
function split(text) {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

const packages = new Packages(Number(options["object-cost"]));
for (const [name, folder] of options.package.map(split)) await packages.add(name, folder);
for (const [object, why] of options.fail.map(split)) packages.failing.set(object, why);
for (const object of options.fatal) packages.fatal.add(object);
for (const object of options.forbid) forbidden.add(object);

await initializeABAP();
const {abap} = globalThis;
globalThis.longhaul = {
  ...timers,
  serialize: (type, name) => packages.serialize(type, name),
  check: (type, name) => packages.check(type, name),
};
if (options["without-abapgit"]) {
  for (const name of Object.keys(abap.Classes)) {
    if (name.includes("ABAPGIT_")) delete abap.Classes[name];
  }
}
if (options["old-abapgit"]) {
  // Before 2023: the types stood in the class, and a language was no object.
  delete abap.Classes["ZIF_ABAPGIT_OBJECTS"];
  delete abap.Classes["ZCL_ABAPGIT_I18N_PARAMS"];
}
await packages.fill(abap.context.databaseConnections["DEFAULT"]);

const config = abap.Classes["ZCL_LONGHAUL_CONFIG"];
const settings = await config.current();
for (const [name, number] of options.set.map(split)) settings.get()[name].set(Number(number));
await config.change({settings});

/** Logs on whoever has a name, as a system would with the right password. */
function user(request) {
  const [scheme, credentials] = (request.headers.authorization ?? "").split(" ");
  if (scheme !== "Basic") return "ANONYMOUS";
  return Buffer.from(credentials, "base64").toString("utf8").split(":")[0].toUpperCase().slice(0, 12);
}

const server = http.createServer((_, response) => response.writeHead(404).end());
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE_BYTES,
});
server.on("upgrade", (request, socket, head) => {
  const {pathname} = new URL(request.url, "http://host");
  if (!PATHS.includes(pathname)) {
    socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return;
  }
  sockets.handleUpgrade(request, socket, head, (webSocket) => new Channel(abap, webSocket, user(request)));
});
server.listen(Number(options.port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
// Whoever started it holds the other end; a test that dies must not leave it behind.
process.stdin.resume().on("end", () => process.exit(0));
