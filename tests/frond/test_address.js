// Where frond.ws() connects to, and what it asks for.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

function urlOf(path, href) {
	const world = new World(href);

	world.ws(path);
	return world.socket.url;
}

test("a path from the root goes to the page's host, with wss on an https page", () => {
	assert.equal(urlOf("/ws/chat"), "wss://example.org/ws/chat");
});

test("an http page gets ws, and its port is kept", () => {
	assert.equal(urlOf("/ws/chat", "http://localhost:7146/"), "ws://localhost:7146/ws/chat");
});

test("a relative path starts at the page's own folder", () => {
	assert.equal(urlOf("ws/chat"), "wss://example.org/chat/ws/chat");
});

test("a query alone belongs to the page's own path", () => {
	assert.equal(urlOf("?x"), "wss://example.org/chat/general?x");
});

test("the query of a path is kept", () => {
	assert.equal(urlOf("/ws/chat?token=a%20b"), "wss://example.org/ws/chat?token=a%20b");
});

test("absolute ws and wss addresses are taken as they are", () => {
	assert.equal(urlOf("ws://other:81/a"), "ws://other:81/a");
	assert.equal(urlOf("wss://other/a"), "wss://other/a");
});

test("absolute http and https addresses become ws and wss", () => {
	assert.equal(urlOf("http://other:81/a"), "ws://other:81/a");
	assert.equal(urlOf("https://other/a"), "wss://other/a");
});

test("a fragment, which no WebSocket may have, is left out", () => {
	assert.equal(urlOf("/ws/chat#here"), "wss://example.org/ws/chat");
});

test("a path that is a function is asked before every attempt", () => {
	const world = new World();
	let token = 0;

	world.ws(() => `/ws?token=${++token}`);
	world.socket.fail();
	world.clock.advance(1000);
	assert.deepEqual(world.sockets.map(({ url }) => url), [
		"wss://example.org/ws?token=1",
		"wss://example.org/ws?token=2",
	]);
});

test("a path function that fails later costs one attempt", () => {
	const world = new World();
	let calls = 0;
	const ws = world.ws(() => {
		if (++calls === 2)
			throw new Error("no token yet");
		return "/ws";
	});

	world.reconnect(1006);
	assert.deepEqual(ws.errors(), ["connection"]);
	assert.equal(ws.of("error")[0][0].cause.message, "no token yet");
	assert.equal(world.sockets.length, 2);
	assert.deepEqual(ws.of("reconnect"), [[1], [2]]);
});

test("an address that cannot be right throws at once and leaves nothing behind", () => {
	const world = new World("about:blank");

	assert.throws(() => world.frond.ws("/ws/chat"));
	assert.equal(world.clock.timers.size, 0);
	assert.equal(world.window.listeners.size, 0);
});

test("frond.1 is offered, before the protocols of the page", () => {
	const world = new World();

	world.ws("/ws", { protocols: ["chat.2", "chat.1"] });
	assert.deepEqual(world.socket.protocols, ["frond.1", "chat.2", "chat.1"]);
});

test("a single protocol may be a string, and none is offered twice", () => {
	const world = new World();

	world.ws("/ws", { protocols: "chat" });
	assert.deepEqual(world.socket.protocols, ["frond.1", "chat"]);
	world.ws("/ws", { protocols: ["frond.1"] });
	assert.deepEqual(world.socket.protocols, ["frond.1"]);
});

test("heartbeat: false offers no frond.1", () => {
	const world = new World();

	world.ws("/ws", { heartbeat: false });
	assert.deepEqual(world.socket.protocols, []);
});

test("the protocol the server chose can be read", () => {
	const world = new World();
	const ws = world.ws("/ws", { protocols: "chat" });

	assert.equal(ws.protocol, "");
	world.socket.accept("chat");
	assert.equal(ws.protocol, "chat");
	world.socket.end();
	assert.equal(ws.protocol, "");
});

test("another WebSocket class can be given", () => {
	const world = new World();
	const made = [];
	class Mine extends world.Socket {
		constructor(...args) {
			super(...args);
			made.push(this);
		}
	}

	world.ws("/ws", { WebSocket: Mine });
	assert.equal(made.length, 1);
});

test("a number that is none, or below 0, is refused", () => {
	const world = new World();

	for (const reconnectInterval of ["3000", -1, NaN, null])
		assert.throws(() => world.frond.ws("/ws", { reconnectInterval }), /reconnectInterval must be a number/);
	assert.throws(() => world.frond.ws("/ws", { reconnectDelay: "1" }), /reconnectInterval/);
	assert.throws(() => world.frond.ws("/ws", { maxBuffer: "all" }), /maxBuffer/);
	assert.throws(() => world.frond.ws("/ws", { fatalCodes: 4001 }), /fatalCodes/);
	assert.equal(world.sockets.length, 0);
});

test("an option that is undefined means its default", () => {
	const world = new World();
	const ws = world.open("/ws", { reconnect: undefined, reconnectInterval: undefined });

	world.reconnect();
	assert.equal(ws.of("reconnect").length, 1);
});

test("such a function may have to fetch it", async () => {
	const world = new World();
	let answer;
	const connection = world.ws(() => new Promise((resolve) => {
		answer = resolve;
	}));

	connection.send("waits");
	assert.equal(connection.state, "connecting");
	assert.equal(world.sockets.length, 0);
	answer("/ws?token=1");
	await null;
	assert.equal(world.socket.url, "wss://example.org/ws?token=1");
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["waits"]);
	world.socket.fail();
	world.clock.advance(1000);
	answer("/ws?token=2");
	await null;
	assert.equal(world.socket.url, "wss://example.org/ws?token=2");
});

test("what cannot be fetched is an error, and asked for again", async () => {
	const world = new World();
	const errors = [];
	let asked = 0;
	const connection = world.ws(() => (asked++ === 0 ? Promise.reject(new Error("login first")) : "/ws"));

	connection.on("error", ({ code, message }) => errors.push([code, message]));
	await new Promise(setImmediate);
	assert.deepEqual(errors, [["connection", "frond.ws: login first"]]);
	assert.equal(connection.state, "waiting");
	world.clock.advance(1000);
	assert.equal(world.socket.url, "wss://example.org/ws");
});

test("a promise has as much time as a connection", async () => {
	const world = new World();
	const answers = [];
	const connection = world.ws(() => new Promise((resolve) => answers.push(resolve)));

	world.clock.advance(22000);
	assert.ok(answers.length >= 1 && connection.state !== "open");
	assert.equal(world.sockets.length, 0);
	world.clock.advance(2000);
	assert.equal(answers.length, 2, "it is asked again");
	answers[0]("/ws?late");
	await null;
	assert.equal(world.sockets.length, 0, "and who was given up is not heard");
	answers[1]("/ws?again");
	await null;
	assert.equal(world.socket.url, "wss://example.org/ws?again");
});

test("who closes before the answer gets no connection", async () => {
	const world = new World();
	let answer;
	const connection = world.ws(() => new Promise((resolve) => {
		answer = resolve;
	}));

	connection.close();
	answer("/ws");
	await null;
	assert.equal(world.sockets.length, 0);
	assert.equal(connection.state, "closed");
});

test("what is no string and no URL is an error, and not a path of that name", async () => {
	for (const wrong of [null, 7, {}, [], Symbol("x")])
		assert.throws(() => new World().ws(wrong), { name: "TypeError", message: /the path must be a string or a URL/ });
	assert.throws(() => new World().ws(() => undefined), /not undefined/);

	const world = new World();
	const errors = [];

	world.ws(async () => undefined).on("error", ({ message }) => errors.push(message));
	await new Promise(setImmediate);
	assert.equal(errors[0], "frond.ws: the path must be a string or a URL, not undefined");
	assert.equal(urlOf(new URL("wss://other/a")), "wss://other/a");
});

test("without a WebSocket there is a sentence", () => {
	const { SCRIPT } = require("./world.js");
	const before = globalThis.WebSocket;

	delete globalThis.WebSocket;
	try {
		assert.throws(() => require(SCRIPT).ws("ws://localhost/ws"), /there is no WebSocket here/);
	} finally {
		if (before !== undefined)
			globalThis.WebSocket = before;
	}
});
