// How a dead connection is noticed: by the heartbeat of the subprotocol frond.1.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

const GRACE = 1000;

// n heartbeats, each after ms.
function beats(world, n, ms) {
	for (let i = 0; i < n; i++) {
		world.clock.advance(ms);
		world.socket.message("\0");
	}
}

// Is it still alive ms from now, and dead a millisecond later?
function diesAfter(world, ws, ms) {
	world.clock.advance(ms - 1);
	assert.equal(ws.state, "open", `alive after ${ms - 1} ms`);
	world.clock.advance(1);
	assert.notEqual(ws.state, "open", `dead after ${ms} ms`);
}

test("heartbeats are hidden, other messages are not", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message("\0");
	world.socket.message("a");
	world.socket.message("\0");
	assert.deepEqual(ws.of("message"), [["a"]]);
});

test("an empty message is no heartbeat", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message("");
	world.socket.message(new ArrayBuffer(0));
	assert.equal(ws.of("message").length, 2);
});

test("without frond.1 empty messages are delivered", () => {
	const world = new World();
	const ws = world.ws();

	world.socket.accept("");
	world.socket.message("");
	assert.deepEqual(ws.of("message"), [[""]]);
});

test("without frond.1 silence is not a loss", () => {
	for (const options of [{ heartbeat: false }, { protocols: "chat" }, {}]) {
		const world = new World();
		const ws = world.ws("/ws", options);

		world.socket.accept(options.protocols ?? "");
		world.window.dispatch("online");
		world.clock.advance(1e8);
		assert.equal(ws.state, "open");
		assert.equal(world.clock.timers.size, 0);
	}
});

test("with frond.1 75 s of silence are, until the interval is known", () => {
	const world = new World();
	const ws = world.open();

	diesAfter(world, ws, 75000 + GRACE);
	assert.deepEqual(ws.errors(), ["timeout"]);
	assert.deepEqual(ws.of("close"), [[1006, "", true]]);
});

test("heartbeatTimeout sets that time, and 0 none", () => {
	const world = new World();
	const ws = world.open("/ws", { heartbeatTimeout: 10000 });
	const never = world.open("/ws", { heartbeatTimeout: 0 });

	diesAfter(world, ws, 10000 + GRACE);
	beats(world, 3, 30000);
	world.clock.advance(1e9);
	assert.equal(never.state, "open");
});

test("a timeout above what a timer can hold waits that long", () => {
	const world = new World();
	const ws = world.open("/ws", { heartbeatTimeout: Infinity });

	world.clock.advance(2 ** 33);
	assert.equal(ws.state, "open");
});

test("the dead socket is closed, ignored from then on, and replaced without waiting for it", () => {
	const world = new World();
	const ws = world.open();
	const dead = world.socket;

	world.clock.advance(75000 + GRACE + 1000);
	assert.equal(dead.readyState, 2);
	assert.equal(world.sockets.length, 2);
	world.socket.accept();
	dead.onmessage({ data: "ghost" });
	dead.fail();
	assert.deepEqual(ws.of("message"), []);
	assert.equal(ws.of("close").length, 1);
	assert.equal(ws.state, "open");
	assert.equal(world.live(), 1);
});

test("any message is a sign of life", () => {
	const world = new World();
	const ws = world.open();

	for (let i = 0; i < 10; i++) {
		world.clock.advance(60000);
		world.socket.message("a");
	}
	diesAfter(world, ws, 75000 + GRACE);
});

test("the server's interval is learned: 2.5 times a short one", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 2000);
	diesAfter(world, ws, 5000 + GRACE);
});

test("2.5 times a long one", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 60000);
	diesAfter(world, ws, 150000 + GRACE);
});

test("heartbeats at their interval keep a quiet connection for ever", () => {
	for (const interval of [1000, 30000, 74000]) {
		const world = new World();
		const ws = world.open();

		beats(world, 500, interval);
		assert.equal(world.sockets.length, 1);
		assert.equal(ws.state, "open");
	}
});

test("heartbeats that were held up and come together teach nothing", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 30000);
	beats(world, 5, 0);
	diesAfter(world, ws, 75000 + GRACE);
});

test("the cut interval after them does not count alone", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 30000);
	beats(world, 4, 0);
	beats(world, 1, 3000);
	beats(world, 3, 30000);
	assert.equal(world.sockets.length, 1);
	diesAfter(world, ws, 75000 + GRACE);
});

test("the next connection learns anew, because its server may have another interval", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 2000);
	world.reconnect().accept();
	diesAfter(world, ws, 75000 + GRACE);
});

test("where no heartbeat ever came, the patience doubles each time", () => {
	const world = new World();
	const ws = world.open();

	diesAfter(world, ws, 75000 + GRACE);
	world.clock.advance(1000);
	world.socket.accept();
	diesAfter(world, ws, 150000 + GRACE);
	world.clock.advance(1000);
	world.socket.accept();
	beats(world, 3, 280000);
	diesAfter(world, ws, 700000 + GRACE);
	world.clock.advance(1000);
	world.socket.accept();
	diesAfter(world, ws, 300000 + GRACE);
});

test("an attempt nobody answered says nothing about heartbeats", () => {
	const world = new World();
	const ws = world.ws();

	world.nextAttempt();
	world.socket.accept();
	diesAfter(world, ws, 75000 + GRACE);
});

test("messages that waited while the machine slept save the connection", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 30000);
	world.clock.sleep(600000);
	world.clock.advance(0); // the overdue timer fires first
	world.socket.message("\0");
	world.clock.advance(GRACE);
	assert.equal(ws.state, "open");
	beats(world, 10, 30000);
	assert.equal(world.sockets.length, 1);
});

test("the time asleep is no interval", () => {
	const world = new World();
	const ws = world.open();

	beats(world, 3, 30000);
	world.clock.sleep(600000);
	world.socket.message("\0");
	diesAfter(world, ws, 75000 + GRACE);
});

test("a machine that slept finds its dead connection at once when it wakes", () => {
	const world = new World();
	const ws = world.open();

	world.clock.sleep(600000);
	world.document.dispatch("visibilitychange");
	world.window.dispatch("pageshow");
	world.clock.advance(GRACE);
	assert.equal(ws.state, "waiting");
});

test("waking looks at the silence even when timers stood still", () => {
	const world = new World();
	const ws = world.open();

	world.clock.sleep(600000);
	for (const timer of world.clock.timers.values())
		timer.due += 600000;
	world.window.dispatch("online");
	world.clock.advance(GRACE);
	assert.equal(ws.state, "waiting");
});

test("waking after a short while changes nothing", () => {
	const world = new World();
	const ws = world.open();

	world.clock.advance(74000);
	world.window.dispatch("online");
	assert.equal(ws.state, "open");
	diesAfter(world, ws, 1000 + GRACE);
});

test("a clock that is set back does not stretch the wait", () => {
	const world = new World();
	const ws = world.open();

	world.clock.now -= 3600000;
	for (const timer of world.clock.timers.values())
		timer.due -= 3600000;
	world.clock.advance(2 * 75000 + GRACE);
	assert.notEqual(ws.state, "open");
});

test("a listener that closes when the connection is found dead is told once", () => {
	const world = new World();
	const ws = world.open();

	ws.on("error", () => ws.close());
	world.clock.advance(75000 + GRACE);
	assert.deepEqual(ws.of("close"), [[1000, "", false]]);
	assert.equal(world.clock.timers.size, 0);
});

test("close() ends the watch", () => {
	const world = new World();
	const ws = world.open();

	ws.close();
	world.clock.advance(1e8);
	assert.deepEqual(ws.errors(), []);
	world.socket.end(1000);
	assert.deepEqual(ws.of("close"), [[1000, "", false]]);
});
