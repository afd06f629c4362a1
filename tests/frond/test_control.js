// What the sidecar says for itself on the subprotocol frond.1, and that no message can pass for it.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

test("what is gone for good is an event, where it is missing", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message("a");
	world.socket.message("\0r 0");
	world.socket.message("b");
	assert.deepEqual(ws.events.slice(1), [["message", "a"], ["gap"], ["message", "b"]]);
});

test("verbs and words of newer servers are ignored", () => {
	const world = new World();
	const ws = world.open();

	for (const word of ["\0r 2", "\0r", "\0p", "\0p 1.2", "\0n", "\0+ {}", "\0x", "\0 "])
		world.socket.message(word);
	assert.deepEqual(ws.events, [["open"]]);
});

test("a text that begins with U+0000 arrives and leaves as it is", () => {
	const world = new World();
	const ws = world.open();

	for (const text of ["\0", "\0r 0", "\0\0", "a\0"]) {
		ws.send(text);
		world.socket.message(world.socket.sent.at(-1));
	}
	assert.deepEqual(world.socket.sent, ["\0\0", "\0\0r 0", "\0\0\0", "a\0"]);
	assert.deepEqual(ws.of("message"), [["\0"], ["\0r 0"], ["\0\0"], ["a\0"]]);
	assert.deepEqual(ws.of("gap"), []);
});

test("so does one that has waited for its connection", () => {
	const world = new World();
	const ws = world.ws();

	ws.send("\0x");
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["\0\0x"]);
});

test("with the option json it is no JSON, and gaps are told", () => {
	const world = new World();
	const ws = world.open("/ws", { json: true });

	world.socket.message("\0\0[1]");
	world.socket.message("\0r 0");
	assert.deepEqual(ws.errors(), ["not-json"]);
	assert.equal(ws.of("error")[0][0].data, "\0[1]");
	assert.deepEqual(ws.of("gap"), [[]]);
});

test("without frond.1 there is nothing but messages", () => {
	const world = new World();
	const ws = world.ws("/ws", { heartbeat: false });

	world.socket.accept("");
	ws.send("\0x");
	world.socket.message("\0r 0");
	world.socket.message("\0\0");
	assert.deepEqual(world.socket.sent, ["\0x"]);
	assert.deepEqual(ws.of("message"), [["\0r 0"], ["\0\0"]]);
	assert.deepEqual(ws.of("gap"), []);
});
