// When a lost connection comes back, and when it does not.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

// The waits of attempts that all fail, with chance at its highest.
function waitsOf(options, n) {
	const world = new World();
	const waits = [];

	world.random = 1;
	world.ws("/ws", options);
	for (let i = 0; i < n; i++) {
		world.socket.fail();
		waits.push(world.nextAttempt());
	}
	return waits;
}

test("a lost connection comes back, and open is told again", () => {
	const world = new World();
	const ws = world.open();

	world.reconnect().accept();
	assert.deepEqual(ws.events.map(([name]) => name), ["open", "close", "reconnect", "open"]);
	world.socket.message("again");
	assert.deepEqual(ws.of("message"), [["again"]]);
});

test("the states are waiting, then connecting, then open", () => {
	const world = new World();
	const ws = world.open();

	world.socket.end();
	assert.equal(ws.state, "waiting");
	world.clock.advance(1000);
	assert.equal(ws.state, "connecting");
	world.socket.accept();
	assert.equal(ws.state, "open");
});

test("retryInMs counts down to the next attempt", () => {
	const world = new World();
	const ws = world.open();

	assert.equal(ws.retryInMs, null);
	world.random = 0.8;
	world.socket.end();
	assert.equal(ws.retryInMs, 800);
	world.clock.advance(300);
	assert.equal(ws.retryInMs, 500);
	world.clock.sleep(1000);
	assert.equal(ws.retryInMs, 0);
	world.clock.advance(0);
	assert.equal(ws.retryInMs, null);
});

test("the longest wait doubles from 1 s to 30 s", () => {
	assert.deepEqual(waitsOf({}, 7), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test("reconnectInterval and maxReconnectInterval set both ends", () => {
	assert.deepEqual(waitsOf({ reconnectInterval: 3000, maxReconnectInterval: 7000 }, 4), [3000, 6000, 7000, 7000]);
});

test("reconnectDelay and maxReconnectDelay are the same", () => {
	assert.deepEqual(waitsOf({ reconnectDelay: 300, maxReconnectDelay: 700 }, 4), [300, 600, 700, 700]);
});

test("an interval above the longest one is honoured", () => {
	assert.deepEqual(waitsOf({ reconnectInterval: 50000 }, 2), [50000, 50000]);
});

test("no limit on the wait never becomes no wait", () => {
	const world = new World();

	world.random = 1;
	world.ws("/ws", { reconnectInterval: 1e9, maxReconnectInterval: Infinity, connectTimeout: 0 });
	for (const wait of [1e9, 2e9, 2 ** 31 - 1, 2 ** 31 - 1]) {
		world.socket.fail();
		assert.equal(world.nextAttempt(1e10), wait);
	}
});

test("the wait is random from nothing to the limit", () => {
	const waits = [0.001, 0.25, 0.75].map((random) => {
		const world = new World();

		world.ws();
		world.random = random;
		world.socket.fail();
		return world.nextAttempt();
	});

	assert.deepEqual(waits, [1, 250, 750]);
});

test("reconnect tells the number of each attempt as it begins", () => {
	const world = new World();
	const ws = world.ws();
	const seen = [];

	ws.on("reconnect", (attempt) => seen.push([attempt, world.sockets.length]));
	for (let i = 0; i < 3; i++)
		world.reconnect();
	assert.deepEqual(seen, [[1, 1], [2, 2], [3, 3]]);
});

test("after maxReconnectAttempts it gives up: close, reconnect_failed, closed", () => {
	const world = new World();
	const ws = world.ws("/ws", { maxReconnectAttempts: 2 });

	for (let i = 0; i < 3; i++)
		world.reconnect();
	assert.deepEqual(ws.of("reconnect"), [[1], [2]]);
	assert.deepEqual(ws.events.slice(-2), [["close", 1006, "", false], ["reconnect_failed"]]);
	assert.equal(ws.state, "closed");
	world.window.dispatch("online");
	world.clock.advance(100000);
	assert.equal(world.sockets.length, 3);
	assert.equal(world.clock.timers.size, 0);
});

test("there is no end to the attempts by default", () => {
	assert.equal(waitsOf({}, 50).length, 50);
});

test("reconnect: false stays closed, without reconnect_failed", () => {
	const world = new World();
	const ws = world.open("/ws", { reconnect: false });

	world.reconnect();
	assert.deepEqual(ws.events, [["open"], ["close", 1006, "", false]]);
	assert.equal(world.sockets.length, 1);
});

test("a server that accepts and closes is asked ever more rarely", () => {
	const world = new World();
	const waits = [];

	world.random = 1;
	world.ws();
	for (let i = 0; i < 5; i++) {
		world.socket.accept();
		world.socket.end(1000);
		waits.push(world.nextAttempt());
	}
	assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000]);
});

test("so is one that greets before it closes", () => {
	const world = new World();
	const ws = world.ws("/ws", { maxReconnectAttempts: 3 });

	for (let i = 0; i < 4; i++) {
		world.socket.accept();
		world.socket.message('{"type":"error"}');
		world.clock.advance(1000);
		world.reconnect(1000);
	}
	assert.deepEqual(ws.of("reconnect"), [[1], [2], [3]]);
	assert.equal(ws.of("reconnect_failed").length, 1);
});

test("a connection that lasted starts the count again", () => {
	const world = new World();
	const ws = world.ws();

	world.reconnect();
	world.reconnect().accept();
	world.clock.advance(5000);
	world.random = 1;
	world.socket.end();
	assert.equal(world.nextAttempt(), 1000);
	assert.deepEqual(ws.of("reconnect"), [[1], [2], [1]]);
});

test("an attempt that hangs for 5 s proves nothing", () => {
	const world = new World();
	const ws = world.ws();

	for (let i = 0; i < 3; i++) {
		world.clock.advance(6000);
		world.reconnect();
	}
	assert.deepEqual(ws.of("reconnect"), [[1], [2], [3]]);
});

test("code 1008 is for good", () => {
	const world = new World();
	const ws = world.open();

	world.reconnect(1008);
	assert.equal(ws.state, "closed");
	assert.deepEqual(ws.of("close"), [[1008, "", false]]);
	assert.deepEqual(ws.of("reconnect_failed"), []);
	assert.equal(world.sockets.length, 1);
});

test("other codes, 4000 to 4999 too, are not", () => {
	for (const code of [1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 3000, 4000, 4999]) {
		const world = new World();

		world.open();
		world.reconnect(code);
		assert.equal(world.sockets.length, 2, `code ${code}`);
	}
});

test("fatalCodes takes codes and ranges, and replaces the default", () => {
	const comesBack = (code) => {
		const world = new World();

		world.open("/ws", { fatalCodes: [1000, [4000, 4999]] });
		world.reconnect(code);
		return world.sockets.length === 2;
	};

	assert.deepEqual([1000, 4000, 4500, 4999].map(comesBack), [false, false, false, false]);
	assert.deepEqual([1001, 1008, 3999, 5000].map(comesBack), [true, true, true, true]);
});

test("a code that is for good in an attempt ends the attempts", () => {
	const world = new World();
	const ws = world.open();

	world.reconnect(1006);
	world.socket.accept();
	world.reconnect(1008);
	assert.equal(ws.state, "closed");
	assert.equal(world.sockets.length, 2);
});

test("close() while waiting ends the attempts and tells so", () => {
	const world = new World();
	const ws = world.open();

	world.socket.end();
	ws.close();
	assert.deepEqual(ws.of("close"), [[1006, "", true], [1000, "", false]]);
	world.clock.advance(60000);
	assert.deepEqual(ws.of("reconnect"), []);
	assert.equal(world.sockets.length, 1);
	assert.equal(ws.state, "closed");
});

test("close() while connecting ends the attempts", () => {
	const world = new World();
	const ws = world.ws();

	ws.close();
	world.reconnect();
	assert.deepEqual(ws.events, [["close", 1006, "", false]]);
	assert.equal(world.sockets.length, 1);
});

test("close() in a close, error or reconnect listener is obeyed, and told once", () => {
	for (const event of ["close", "error", "reconnect"]) {
		const world = new World();
		const ws = world.ws();

		ws.once(event, () => ws.close());
		world.socket.fail();
		world.clock.advance(60000);
		assert.equal(ws.state, "closed", event);
		assert.equal(world.sockets.length, 1, event);
		assert.equal(ws.of("close").filter(([, , again]) => !again).length, 1, event);
	}
});

test("the browser coming online ends the wait at once", () => {
	const world = new World();
	const ws = world.open();

	world.socket.end();
	world.window.dispatch("online");
	assert.equal(world.sockets.length, 2);
	world.clock.advance(1000);
	assert.equal(world.sockets.length, 2);
	assert.deepEqual(ws.of("reconnect"), [[1]]);
});

test("a page that comes back out of the browser's cache ends the wait at once", () => {
	const world = new World();

	world.open();
	world.socket.end();
	world.window.dispatch("pageshow");
	assert.equal(world.sockets.length, 2);
});

for (const leaving of ["beforeunload", "pagehide"]) {
	test(`a page that is left says nothing of its socket's end: ${leaving}`, () => {
		const world = new World();
		const ws = world.open();
		const told = [];

		for (const event of ["error", "close", "reconnect"])
			ws.on(event, () => told.push(event));
		world.window.dispatch(leaving);
		world.socket.fail();
		world.clock.advance(1999);
		assert.deepEqual(told, []);
		assert.equal(ws.state, "waiting");
		assert.equal(world.sockets.length, 1);
	});
}

test("a page that stays all the same connects again, and what it says meanwhile waits", () => {
	const world = new World();
	const ws = world.open();
	const told = [];

	ws.on("close", (code, reason, willReconnect) => told.push(code, willReconnect));
	world.window.dispatch("beforeunload");
	world.socket.end(1001);
	ws.send("still here");
	world.clock.advance(2000);
	assert.deepEqual(told, [1001, true]);
	world.clock.advance(1000);
	assert.equal(world.sockets.length, 2);
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["still here"]);
});

test("a page that comes back connects at once", () => {
	const world = new World();
	const ws = world.open();
	const told = [];

	for (const event of ["close", "reconnect"])
		ws.on(event, () => told.push(event));
	world.window.dispatch("pagehide");
	world.socket.end(1001);
	world.window.dispatch("pageshow");
	assert.deepEqual(told, ["close", "reconnect"]);
	assert.equal(world.sockets.length, 2);
	world.clock.advance(10000);
	assert.equal(world.live(), 1);
});

test("a page may close what lingers", () => {
	const world = new World();
	const ws = world.open();
	const told = [];

	ws.on("close", (code, reason, willReconnect) => told.push(code, willReconnect));
	world.window.dispatch("pagehide");
	world.socket.end(1001);
	ws.close();
	world.clock.advance(10000);
	world.window.dispatch("pageshow");
	assert.deepEqual(told, [1000, false]);
	assert.equal(world.sockets.length, 1);
});

test("an end long after the browser asked whether to leave is one like others", () => {
	const world = new World();
	const ws = world.open();
	let closed = 0;

	ws.on("close", () => closed++);
	world.window.dispatch("beforeunload");
	world.clock.advance(2001);
	world.socket.end(1006);
	assert.equal(closed, 1);
});

test("a tab that is shown ends the wait at once, one that is hidden does not", () => {
	const world = new World();

	world.open();
	world.socket.end();
	world.document.visibilityState = "hidden";
	world.document.dispatch("visibilitychange");
	assert.equal(world.sockets.length, 1);
	world.document.visibilityState = "visible";
	world.document.dispatch("visibilitychange");
	assert.equal(world.sockets.length, 2);
});

test("coming online works in a hidden tab", () => {
	const world = new World();

	world.open();
	world.socket.end();
	world.document.visibilityState = "hidden";
	world.window.dispatch("online");
	assert.equal(world.sockets.length, 2);
});

test("however often the browser wakes, there is one socket", () => {
	const world = new World();
	const ws = world.open();
	const wakeAll = () => {
		world.window.dispatch("online");
		world.window.dispatch("pageshow");
		world.document.dispatch("visibilitychange");
	};

	wakeAll();
	assert.equal(world.live(), 1);
	world.socket.end();
	wakeAll();
	assert.equal(world.live(), 1);
	world.clock.advance(1500);
	wakeAll();
	assert.equal(world.live(), 1);
	world.socket.accept();
	wakeAll();
	world.clock.advance(1500);
	assert.equal(world.live(), 1);
	assert.equal(world.sockets.length, 2);
	assert.deepEqual(ws.of("reconnect"), [[1]]);
	assert.equal(ws.state, "open");
});

test("a reconnect listener that wakes the browser makes no second socket", () => {
	const world = new World();
	const ws = world.open();

	ws.once("reconnect", () => world.window.dispatch("online"));
	world.socket.end();
	world.clock.advance(1000);
	assert.equal(world.live(), 1);
});

test("an attempt nobody answers is given up after connectTimeout", () => {
	const world = new World();
	const ws = world.ws();
	const first = world.socket;

	world.clock.advance(20000);
	assert.equal(ws.state, "connecting");
	world.clock.advance(1000);
	assert.equal(first.readyState, 2);
	assert.deepEqual(ws.errors(), ["timeout"]);
	assert.equal(ws.state, "waiting");
	world.clock.advance(1000);
	world.socket.accept();
	first.end();
	assert.equal(ws.state, "open");
});

test("connectTimeout: 0 leaves that to the browser", () => {
	const world = new World();
	const ws = world.ws("/ws", { connectTimeout: 0 });

	world.clock.advance(1e9);
	assert.equal(ws.state, "connecting");
	assert.equal(world.clock.timers.size, 0);
});
