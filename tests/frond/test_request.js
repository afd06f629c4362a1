// Requests: each gets its answer, over losses too, or an error that says why not.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

const MEMORY = "0123456789abcdef";

// What became of a request so far: undefined, ["answer", value] or ["error", code].
function watch(promise) {
	const watched = {};

	promise.then((value) => {
		watched.outcome = ["answer", value];
	}, (error) => {
		watched.outcome = ["error", error.code ?? error.name];
	});
	return watched;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function outcomes(...watched) {
	await settled();
	return watched.map(({ outcome }) => outcome);
}

// A frame that asks for a memory, whose key is random.
const isKey = (frame) => /^\0o [0-9a-f]{32}$/.test(frame);

test("requests have numbers, and get what is answered under these", async () => {
	const world = new World();
	const ws = world.open();
	const first = watch(ws.request("one two"));
	const second = watch(ws.request({ a: 1 }));

	assert.deepEqual(world.socket.sent, ["\0q 1 t one two", '\0q 2 t {"a":1}']);
	world.socket.message("\0a 2 t second\nanswer");
	assert.deepEqual(await outcomes(first, second), [undefined, ["answer", "second\nanswer"]]);
	world.socket.message("\0a 1 t ");
	world.socket.message("\0a 1 t twice");
	assert.deepEqual(await outcomes(first), [["answer", ""]]);
	assert.deepEqual(ws.of("message"), []);
});

test("a handler that replies nothing has handled it", async () => {
	const world = new World();
	const asked = watch(world.open().request("a"));

	world.socket.message("\0a 1");
	assert.deepEqual(await outcomes(asked), [["answer", undefined]]);
});

test("binary data goes out and comes back behind its frame", async () => {
	const world = new World();
	const ws = world.open();
	const data = new Uint8Array([0, 1]);
	const asked = watch(ws.request(data));
	const answer = new ArrayBuffer(3);

	data[0] = 9;
	assert.equal(world.socket.sent[0], "\0q 1 b");
	assert.deepEqual(new Uint8Array(world.socket.sent[1]), new Uint8Array([0, 1]));
	world.socket.message("\0a 1 b");
	world.socket.message(answer);
	world.socket.message("behind");
	assert.deepEqual(await outcomes(asked), [["answer", answer]]);
	assert.deepEqual(ws.of("message"), [["behind"]]);
});

test("a binary answer that nobody waits for any more is no message", async () => {
	const world = new World();
	const ws = world.open();

	world.socket.message("\0a 7 b");
	world.socket.message(new ArrayBuffer(3));
	world.socket.message(new ArrayBuffer(4));
	assert.equal(ws.of("message").length, 1);
});

test("with the option json an answer is parsed", async () => {
	const world = new World();
	const ws = world.open("/ws", { json: true });
	const asked = [watch(ws.request(1)), watch(ws.request(2))];

	world.socket.message('\0a 1 t {"a": [1]}');
	world.socket.message("\0a 2 t {");
	const [[, value], second] = await outcomes(...asked);
	assert.equal(JSON.stringify(value), '{"a":[1]}');
	assert.deepEqual(second, ["error", "not-json"]);
});

test("what is not handled is an error with its code", async () => {
	const world = new World();
	const ws = world.open();
	const asked = ["failed", "given-up", "no-handler"].map((why, i) => {
		const promise = watch(ws.request("x"));

		world.socket.message(`\0a ${i + 1} ! ${why}`);
		return promise;
	});

	assert.deepEqual(await outcomes(...asked), [["error", "failed"], ["error", "given-up"], ["error", "no-handler"]]);
});

test("what cannot be asked is an error, too", async () => {
	const world = new World();
	const ws = world.open("/ws", { maxBuffer: 1, maxBufferBytes: 10 });
	const refused = [ws.request(undefined), ws.request("a", { timeout: "soon" }), ws.request("more than 10 bytes")].map(watch);
	const first = watch(ws.request("a"));
	const second = watch(ws.request("b"));

	assert.deepEqual(await outcomes(...refused, first, second),
		[["error", "TypeError"], ["error", "TypeError"], ["error", "buffer-full"], undefined, ["error", "buffer-full"]]);
	ws.close();
	assert.deepEqual(await outcomes(first, watch(ws.request("c"))), [["error", "closed"], ["error", "closed"]]);
	assert.deepEqual(ws.errors(), []);
});

test("an event stream cannot ask, nor can who does not speak frond.1", async () => {
	const world = new World();
	const ws = world.ws("/ws", { heartbeat: false });
	const waiting = watch(ws.request("a"));

	world.socket.accept("");
	assert.deepEqual(await outcomes(waiting, watch(ws.request("b", { once: true }))),
		[["error", "unsupported"], ["error", "unsupported"]]);
	assert.deepEqual(world.socket.sent, []);
});

test("a page that only listens is told so", async () => {
	const world = new World();
	const ws = world.ws("/ws", { EventSource: world.Source });

	for (let i = 0; i < 2; i++) {
		world.socket.fail();
		world.nextAttempt();
	}
	world.source.accept();
	assert.equal(ws.listensOnly, true);
	assert.deepEqual(await outcomes(watch(ws.request("a"))), [["error", "listening"]]);
});

test("time runs out, and what comes later is nothing", async () => {
	const world = new World();
	const ws = world.open();
	const long = watch(ws.request("a"));
	const short = watch(ws.request("b", { timeout: 100 }));

	world.clock.advance(100);
	world.socket.message("\0a 2 t late");
	assert.deepEqual(await outcomes(long, short), [undefined, ["error", "timeout"]]);
	world.clock.advance(29900);
	assert.deepEqual(await outcomes(long), [["error", "timeout"]]);
	assert.deepEqual(ws.of("message"), []);
});

test("requests wait for a connection in their order among messages", async () => {
	const world = new World();
	const ws = world.ws();

	ws.send("a");
	const timed = watch(ws.request("b", { timeout: 10 }));
	const asked = watch(ws.request("c"));
	ws.send("d");
	world.clock.advance(10);
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["a", "\0q 2 t c", "d"]);
	world.socket.message("\0a 2 t C");
	assert.deepEqual(await outcomes(timed, asked), [["error", "timeout"], ["answer", "C"]]);
});

test("those that the lost socket took along are asked again, with their numbers, before what has waited", async () => {
	const world = new World();
	const ws = world.open();
	const asked = ["a", "b", "c"].map((data) => watch(ws.request(data)));

	world.socket.message("\0a 2");
	world.socket.end();
	asked.push(watch(ws.request("d")));
	ws.send("e");
	ws.once("open", () => ws.send("first"));
	world.nextAttempt();
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["first", "\0q 1 t a", "\0q 3 t c", "\0q 4 t d", "e"]);
	for (const number of [1, 3, 4])
		world.socket.message(`\0a ${number} t ${number}`);
	assert.deepEqual(await outcomes(...asked),
		[["answer", "1"], ["answer", undefined], ["answer", "3"], ["answer", "4"]]);
	world.reconnect().accept();
	assert.deepEqual(world.socket.sent, []);
});

test("what is asked while the socket opens is asked once", () => {
	const world = new World();
	const ws = world.ws();

	ws.on("open", () => ws.request("a"));
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["\0q 1 t a"]);
});

test("with once, the server's memory is asked for first, and what follows waits for it", async () => {
	const world = new World();
	const ws = world.open();
	const asked = watch(ws.request("a", { once: true }));

	ws.send("b");
	ws.request("c");
	ws.request("d", { once: true });
	assert.equal(world.socket.sent.length, 1);
	assert.ok(isKey(world.socket.sent[0]));
	world.socket.message(`\0o ${MEMORY}`);
	assert.deepEqual(world.socket.sent.slice(1), ["\0q 1.1 t a", "b", "\0q 2 t c", "\0q 3.1 t d"]);
	world.socket.message("\0a 1 t A");
	ws.request("e", { once: true });
	assert.equal(world.socket.sent.at(-1), "\0q 4.2 t e");
	assert.deepEqual(await outcomes(asked), [["answer", "A"]]);
});

test("after a cut it is asked again where it is remembered", async () => {
	const world = new World();
	const ws = world.open();
	const asked = watch(ws.request("a", { once: true }));
	const [key] = world.socket.sent;

	world.socket.message(`\0o ${MEMORY}`);
	world.reconnect().accept();
	assert.deepEqual(world.socket.sent, [key]);
	world.socket.message(`\0o ${MEMORY}`);
	assert.deepEqual(world.socket.sent, [key, "\0q 1.1 t a"]);
	world.socket.message("\0a 1 ! again");
	assert.deepEqual(world.socket.sent, [key, "\0q 1.1 t a", "\0q 1.1 t a"]);
	world.socket.message("\0a 1 t A");
	assert.deepEqual(await outcomes(asked), [["answer", "A"]]);
});

test("and where it is not, it is an error, but not what was never asked", async () => {
	const world = new World();
	const ws = world.open();
	const asked = watch(ws.request("a", { once: true }));

	world.socket.message(`\0o ${MEMORY}`);
	world.socket.end();
	const later = watch(ws.request("b", { once: true }));
	world.nextAttempt();
	world.socket.accept();
	world.socket.message("\0o fedcba9876543210");
	assert.deepEqual(world.socket.sent.slice(1), ["\0q 2.2 t b"]);
	world.socket.message("\0a 2");
	assert.deepEqual(await outcomes(asked, later), [["error", "unknown"], ["answer", undefined]]);
});

test("a connection that ends before the memory is told has taken nothing along", async () => {
	const world = new World();
	const ws = world.open();
	const asked = watch(ws.request("a", { once: true }));

	world.reconnect().accept();
	world.socket.message(`\0o ${MEMORY}`);
	assert.deepEqual(world.socket.sent.slice(1), ["\0q 1.1 t a"]);
	assert.deepEqual(await outcomes(asked), [undefined]);
});

test("a server that remembers nothing refuses", async () => {
	const world = new World();
	const ws = world.open();
	const asked = watch(ws.request("a", { once: true }));

	ws.send("b");
	world.socket.message("\0o");
	assert.deepEqual(world.socket.sent.slice(1), ["b"]);
	assert.deepEqual(await outcomes(asked), [["error", "busy"]]);
});

test("a fatal close and the last attempt end all", async () => {
	const world = new World();
	const ws = world.open("/ws", { maxReconnectAttempts: 0 });
	const asked = [watch(ws.request("a")), watch(ws.request("b", { once: true }))];

	world.socket.end();
	assert.deepEqual(await outcomes(...asked), [["error", "closed"], ["error", "closed"]]);
	assert.equal(world.clock.timers.size, 0);
	assert.deepEqual(ws.of("error").map(([error]) => error.unsent), []);
});
