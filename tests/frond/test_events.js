// What a page hears, and how its listeners are treated.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

test("open comes when the server accepts, and the state follows", () => {
	const world = new World();
	const ws = world.ws();

	assert.equal(ws.state, "connecting");
	assert.deepEqual(ws.events, []);
	world.socket.accept();
	assert.equal(ws.state, "open");
	assert.deepEqual(ws.events, [["open"]]);
});

test("a text arrives as it was sent, not parsed", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message('{"type":"system"}');
	world.socket.message("42");
	assert.deepEqual(ws.of("message"), [['{"type":"system"}'], ["42"]]);
});

test("binary messages arrive as ArrayBuffer unless the page says otherwise", () => {
	const world = new World();
	const ws = world.open();
	const data = new ArrayBuffer(3);

	assert.equal(world.socket.binaryType, "arraybuffer");
	world.socket.message(data);
	assert.equal(ws.of("message")[0][0], data);
	world.ws("/ws", { binaryType: "blob" });
	assert.equal(world.socket.binaryType, "blob");
});

test("json: true parses texts", () => {
	const world = new World();
	const ws = world.open("/ws", { json: true });

	world.socket.message('{"n":[1,2]}');
	assert.equal(JSON.stringify(ws.of("message")), '[[{"n":[1,2]}]]');
});

test("json: true makes a text that is not JSON an error with the text, and no message", () => {
	const world = new World();
	const ws = world.open("/ws", { json: true });

	world.socket.message("hello");
	assert.deepEqual(ws.of("message"), []);
	assert.deepEqual(ws.errors(), ["not-json"]);
	assert.equal(ws.of("error")[0][0].data, "hello");
	assert.equal(ws.state, "open");
});

test("json: true leaves binary messages alone", () => {
	const world = new World();
	const ws = world.open("/ws", { json: true });
	const data = new ArrayBuffer(1);

	world.socket.message(data);
	assert.equal(ws.of("message")[0][0], data);
});

test("close carries code, reason and whether there will be another attempt", () => {
	const world = new World();
	const ws = world.open();

	world.socket.end(1001, "drain");
	assert.deepEqual(ws.of("close"), [[1001, "drain", true]]);
	assert.equal(ws.state, "waiting");
});

test("an attempt that fails gives error, then close", () => {
	const world = new World();
	const ws = world.ws();

	world.socket.fail();
	assert.deepEqual(ws.events.map(([name]) => name), ["error", "close"]);
	assert.deepEqual(ws.errors(), ["connection"]);
	assert.deepEqual(ws.of("close"), [[1006, "", true]]);
});

test("errors are errors, and do not show the address, which may hold a token", () => {
	const world = new World();
	const ws = world.ws("/ws?token=secret");

	world.socket.fail();
	assert.match(String(ws.of("error")[0][0]), /^Error: frond\.ws: /);
	assert.doesNotMatch(String(ws.of("error")[0][0]), /secret/);
});

test("a failing listener does not stop the others, and its error reaches the console later", () => {
	const world = new World();
	const ws = world.frond.ws("/ws");
	const heard = [];

	ws.on("message", () => {
		throw new RangeError("mine");
	});
	ws.on("message", (data) => heard.push(data));
	world.socket.accept();
	world.socket.message("a");
	world.socket.message("b");
	assert.deepEqual(heard, ["a", "b"]);
	assert.throws(() => world.clock.advance(0), new RangeError("mine"));
});

test("a listener that fails in open does not keep the waiting messages back", () => {
	const world = new World();
	const ws = world.frond.ws("/ws");

	ws.on("open", () => {
		throw new Error("mine");
	});
	ws.send("a");
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["a"]);
});

test("off removes a listener", () => {
	const world = new World();
	const ws = world.open();
	const heard = [];
	const listener = (data) => heard.push(data);

	ws.on("message", listener);
	world.socket.message("a");
	ws.off("message", listener);
	world.socket.message("b");
	assert.deepEqual(heard, ["a"]);
});

test("on returns what removes the listener", () => {
	const world = new World();
	const ws = world.open();
	const heard = [];
	const off = ws.on("message", (data) => heard.push(data));

	world.socket.message("a");
	off();
	world.socket.message("b");
	assert.deepEqual(heard, ["a"]);
});

test("once hears one event, and off takes it back before", () => {
	const world = new World();
	const ws = world.open();
	const heard = [];
	const listener = (data) => heard.push(data);

	ws.once("message", listener);
	world.socket.message("a");
	world.socket.message("b");
	ws.once("message", listener);
	ws.off("message", listener);
	world.socket.message("c");
	assert.deepEqual(heard, ["a"]);
});

test("once takes only itself away, not the same function given to on", () => {
	const world = new World();
	const ws = world.open();
	const heard = [];
	const listener = (data) => heard.push(data);

	ws.on("message", listener);
	ws.once("message", listener);
	world.socket.message("a");
	world.socket.message("b");
	assert.deepEqual(heard, ["a", "a", "b"]);
});

test("a listener may remove itself without costing the next one its event", () => {
	const world = new World();
	const ws = world.open();
	const heard = [];
	const off = ws.on("message", () => off());

	ws.on("message", (data) => heard.push(data));
	world.socket.message("a");
	assert.deepEqual(heard, ["a"]);
});

test("a listener that is no function is refused at once", () => {
	const world = new World();
	const ws = world.ws();

	assert.throws(() => ws.on("open", undefined), /must be a function/);
	assert.throws(() => ws.once("open", "x"), /must be a function/);
});

test("what would be lost unheard is at least a warning in the console", () => {
	const world = new World();
	const ws = world.frond.ws("/ws", { maxBuffer: 0 });

	ws.send("a");
	assert.equal(world.warnings.length, 1);
	assert.match(world.warnings[0], /maxBuffer/);
});

test("close() tells the server, and the close event follows with the server's answer", () => {
	const world = new World();
	const ws = world.open();

	ws.close(4000, "bye");
	assert.deepEqual(world.socket.closedWith, { code: 4000, reason: "bye" });
	assert.equal(ws.state, "closed");
	world.socket.end(4000, "bye");
	assert.deepEqual(ws.of("close"), [[4000, "bye", false]]);
});

test("close() without a code is 1000", () => {
	const world = new World();
	const ws = world.open();

	ws.close();
	assert.equal(world.socket.closedWith.code, 1000);
});

test("close() with a code that is not allowed throws and closes nothing", () => {
	const world = new World();
	const ws = world.open();

	assert.throws(() => ws.close(1006));
	assert.equal(ws.state, "open");
	world.socket.message("still here");
	assert.deepEqual(ws.of("message"), [["still here"]]);
});

test("after close() nothing is heard but the close event", () => {
	const world = new World();
	const ws = world.ws();

	ws.close();
	world.socket.onopen({});
	world.socket.onmessage({ data: "late" });
	world.socket.fail();
	ws.close();
	assert.deepEqual(ws.events, [["close", 1006, "", false]]);
});

test("a closed connection leaves no timer and no listener in the browser", () => {
	const world = new World();
	const ws = world.open();

	assert.ok(world.window.listeners.size > 0);
	ws.close();
	world.socket.end(1000);
	assert.equal(world.clock.timers.size, 0);
	assert.equal(world.window.listeners.size + world.document.listeners.size, 0);
});
