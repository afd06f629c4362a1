// The file itself: how it can be loaded, and what it keeps away from.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const vm = require("node:vm");
const zlib = require("node:zlib");
const { pathToFileURL } = require("node:url");
const { World, SCRIPT, source } = require("./world.js");

test("as a script it sets the global frond, and nothing else", () => {
	const context = vm.createContext({});

	vm.runInContext(source, context);
	assert.deepEqual(Object.keys(context), ["frond"]);
	assert.equal(typeof context.frond.ws, "function");
});

test("as a module of a browser it sets the same global", async () => {
	delete globalThis.frond;
	await import(`data:text/javascript,${encodeURIComponent(source)}`);
	assert.equal(typeof globalThis.frond.ws, "function");
});

test("Node and bundlers get it by require() and import", async () => {
	const required = require(SCRIPT);
	const imported = await import(pathToFileURL(SCRIPT));

	assert.equal(typeof required.ws, "function");
	assert.equal(imported.default, required);
});

test("modules import frond.mjs, whatever the folder's package.json says", async () => {
	const folder = path.dirname(SCRIPT);
	const there = fs.mkdtempSync(path.join(os.tmpdir(), "frond-"));

	try {
		for (const type of ["module", "commonjs"]) {
			const own = path.join(there, type);

			fs.mkdirSync(own);
			fs.writeFileSync(path.join(own, "package.json"), JSON.stringify({ type }));
			for (const name of ["frond.js", "frond.mjs"])
				fs.copyFileSync(path.join(folder, name), path.join(own, name));
			fs.writeFileSync(path.join(own, "use.mjs"), `import frond, { ws } from "./frond.mjs";
				export default [typeof frond.ws, ws === frond.ws];`);
			assert.deepEqual((await import(pathToFileURL(path.join(own, "use.mjs")))).default, ["function", true]);
		}
	} finally {
		fs.rmSync(there, { recursive: true });
	}
});

test("it works without a window, a document and an address", () => {
	const { ws } = require(SCRIPT);
	const world = new World();
	const connection = ws("ws://localhost/ws", { WebSocket: world.Socket, heartbeat: false });

	world.socket.accept();
	connection.send("a");
	connection.close();
	assert.deepEqual(world.socket.sent, ["a"]);
	assert.throws(() => ws("/ws", { WebSocket: world.Socket }), { code: "ERR_INVALID_URL" });
});

test("it has nothing a strict content security policy forbids", () => {
	assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(/);
});

test("it is at most 12 KiB when gzipped", () => {
	const size = zlib.gzipSync(source, { level: 9 }).length;

	assert.ok(size <= 12288, `${size} bytes`);
});
