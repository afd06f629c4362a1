// Where WebSockets are blocked: an event stream of the same path.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

const P1 = "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.18";
const P2 = "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.19";
const NAME = "~0123456789abcdef~fedcba9876543210";

// A world whose WebSockets do not open.
function blocked(path, options) {
	const world = new World();
	const ws = world.ws(path, { EventSource: world.Source, ...options });

	for (let i = 0; i < 2; i++) {
		world.socket.fail();
		world.nextAttempt();
	}
	return { world, ws };
}

function listening(path, options) {
	const { world, ws } = blocked(path, options);

	world.source.accept();
	return { world, ws };
}

test("after two WebSockets that did not open it listens to the same path", () => {
	const { world, ws } = listening("/ws/x?token=a%7Eb");

	assert.equal(world.sockets.length, 2);
	assert.equal(world.source.url, "https://example.org/ws/x?token=a%7Eb");
	assert.equal(world.source.withCredentials, true);
	assert.equal(ws.state, "open");
	assert.equal(ws.listensOnly, true);
	world.source.message("a");
	world.source.event("text", JSON.stringify("b\rc"));
	assert.deepEqual(ws.of("message"), [["a"], ["b\rc"]]);
});

test("without a WebSocket class it does so at once", () => {
	const world = new World();

	delete world.context.WebSocket;
	world.context.EventSource = world.Source;
	world.ws("/ws/x");
	assert.equal(world.source.url, "https://example.org/ws/x");
});

test("a WebSocket that opened once is not blocked", () => {
	const world = new World();
	const ws = world.ws("/ws/x", { EventSource: world.Source });

	for (let i = 0; i < 3; i++) {
		world.socket.accept();
		world.reconnect();
		world.socket.fail();
		world.nextAttempt();
	}
	for (let i = 0; i < 4; i++) { // it is the network that is away
		world.socket.fail();
		world.nextAttempt();
	}
	assert.equal(world.sources.length, 0);
	assert.equal(ws.listensOnly, false);
});

test("without an EventSource, or with fallback off, it goes on trying", () => {
	for (const options of [{ EventSource: undefined }, { fallback: false }]) {
		const { world } = blocked("/ws/x", options);

		assert.equal(world.sockets.length, 3);
		assert.equal(world.sources.length, 0);
	}
});

test("what cannot be sent is refused, and what has waited goes on waiting", () => {
	const { world, ws } = blocked();

	assert.equal(ws.send("waits"), true);
	world.source.accept();
	assert.equal(ws.send("too late"), false);
	assert.equal(ws.errors().at(-1), "listening");
	assert.equal(ws.queued, 1);
	world.source.fail();
	world.nextAttempt();
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["waits"]);
	assert.equal(ws.listensOnly, false);
});

test("a stream that ends comes back by a WebSocket first, then by a stream", () => {
	const { world, ws } = listening();

	world.source.fail();
	assert.equal(world.source.readyState, 2, "it does not come back by itself");
	assert.deepEqual(ws.of("close").at(-1), [1006, "", true]);
	world.nextAttempt();
	assert.equal(world.sockets.length, 3);
	world.socket.fail();
	world.nextAttempt();
	assert.equal(world.sources.length, 2);
	world.source.fail();
	world.nextAttempt();
	assert.equal(world.sockets.length, 4, "one that does not open is no reason to give WebSockets up");
});

test("positions, what was missed, and what was not", () => {
	const { world, ws } = listening("/ws/x", { since: P1 });

	assert.equal(world.source.url, `https://example.org/ws/x?last-event-id=${P1}`);
	world.source.message("missed", P2);
	world.source.event("resumed");
	assert.deepEqual(ws.of("resumed"), [[1]]);
	assert.equal(ws.position, P2);
	world.source.event("gap");
	assert.equal(ws.of("gap").length, 1);
	world.source.event("position", "", P1 + NAME);
	assert.equal(ws.position, P1 + NAME);
	world.source.message("next", P2);
	assert.equal(ws.position, P2 + NAME, "its names stay");
	world.source.message("not kept");
	world.source.fail();
	world.nextAttempt();
	assert.deepEqual(world.socket.protocols, ["frond.1", `frond.at.${P2}${NAME}`], "a WebSocket goes on from there");
	world.socket.fail();
	world.nextAttempt();
	assert.equal(world.source.url, `https://example.org/ws/x?last-event-id=${P2}${NAME}`);
	assert.deepEqual(ws.of("message"), [["missed"], ["next"], ["not kept"]]);
});

test("an EventSource that forgets the id between events does no harm", () => {
	const { world, ws } = listening("/ws/x", { since: P1 });

	world.source.message("a", P2);
	world.source.message("b", "");
	world.source.event("heartbeat", "", "");
	assert.equal(ws.position, P2);
	assert.deepEqual(ws.of("message"), [["a"], ["b"]]);
});

test("time passes in a position while heartbeats come", () => {
	const { world, ws } = listening();
	const timeOf = () => parseInt(ws.position.split(/[._]/)[1], 16);

	world.source.event("position", "", P1);
	const before = timeOf();

	world.clock.advance(30000);
	world.source.event("heartbeat");
	assert.equal(timeOf() - before, 30000);
});

test("binary messages are what they would be on a WebSocket", async () => {
	const { world, ws } = listening();
	const other = listening("/ws/x", { binaryType: "blob" });

	world.source.event("binary", "AP8=");
	assert.deepEqual([...new Uint8Array(ws.of("message")[0][0])], [0, 255]);
	world.source.event("binary", "");
	assert.equal(ws.of("message")[1][0].byteLength, 0);
	other.world.source.event("binary", "AP8=");
	assert.deepEqual([...new Uint8Array(await other.ws.of("message")[0][0].arrayBuffer())], [0, 255]);
});

test("a text that begins with U+0000 is a text", () => {
	const { world, ws } = listening();

	world.source.message("\0r 0");
	world.source.event("text", JSON.stringify("\0\r"));
	assert.deepEqual(ws.of("message"), [["\0r 0"], ["\0\r"]]);
	assert.equal(ws.of("gap").length, 0);
});

test("JSON is parsed", () => {
	const { world, ws } = listening("/ws/x", { json: true });

	world.source.message('{"a":\n1}');
	assert.equal(ws.of("message")[0][0].a, 1);
});

test("the server's close has its code, after which it may stay away", () => {
	const { world, ws } = listening();

	world.source.event("close", '{"code":1008,"reason":"no"}');
	assert.deepEqual(ws.of("close").at(-1), [1008, "no", false]);
	assert.equal(ws.state, "closed");
	assert.equal(world.source.readyState, 2);
});

test("the page's close is told, once", () => {
	const { world, ws } = listening();
	const before = ws.of("close").length;

	ws.close(4000, "enough");
	assert.equal(world.source.readyState, 2);
	world.clock.advance(0);
	world.source.event("message", "late");
	assert.deepEqual(ws.of("close").slice(before), [[4000, "enough", false]]);
	assert.equal(ws.of("message").length, 0);
});

test("silence is noticed", () => {
	const { world, ws } = listening("/ws/x", { heartbeatTimeout: 10000 });

	world.clock.advance(11000);
	assert.equal(ws.errors().at(-1), "timeout");
	assert.equal(world.source.readyState, 2);
	assert.equal(ws.state, "waiting");
});

test("types of a newer server are ignored", () => {
	const { world, ws } = listening();

	world.source.event("unheard-of", "x");
	world.source.message("a");
	assert.deepEqual(ws.of("message"), [["a"]]);
});
