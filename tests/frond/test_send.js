// What becomes of a message that a page sends.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

test("strings go out as they are, at once", () => {
	const world = new World();
	const ws = world.open();

	assert.equal(ws.send("hello"), true);
	assert.equal(ws.send(""), true);
	assert.deepEqual(world.socket.sent, ["hello", ""]);
});

test("objects, arrays, numbers and null go out as JSON", () => {
	const world = new World();
	const ws = world.open();

	for (const value of [{ a: [1] }, [1, 2], 42, true, null])
		ws.send(value);
	assert.deepEqual(world.socket.sent, ['{"a":[1]}', "[1,2]", "42", "true", "null"]);
});

test("binary data goes out as it is", () => {
	const world = new World();
	const ws = world.open();
	const all = [new ArrayBuffer(2), new Uint8Array(3), new DataView(new ArrayBuffer(1)), new Blob(["x"])];

	for (const data of all)
		ws.send(data);
	assert.equal(world.socket.sent.length, all.length);
	all.forEach((data, i) => assert.equal(world.socket.sent[i], data));
});

test("what JSON cannot express throws and is not sent", () => {
	const world = new World();
	const ws = world.open();
	const circle = {};

	circle.circle = circle;
	assert.throws(() => ws.send(undefined), /send\(\) takes/);
	assert.throws(() => ws.send(() => 1), /send\(\) takes/);
	assert.throws(() => ws.send(circle));
	assert.deepEqual(world.socket.sent, []);
});

test("messages sent before the first open wait for it, in order", () => {
	const world = new World();
	const ws = world.ws();

	assert.equal(ws.send("a"), true);
	ws.send({ b: 1 });
	assert.equal(ws.queued, 2);
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["a", '{"b":1}']);
	assert.equal(ws.queued, 0);
});

test("messages sent while away go out in order, each once, over later losses too", () => {
	const world = new World();
	const ws = world.open();

	ws.send("before");
	world.socket.end();
	ws.send("a");
	world.clock.advance(1000);
	ws.send("b");
	world.socket.fail();
	ws.send("c");
	world.clock.advance(2000);
	world.socket.accept();
	ws.send("after");
	const second = world.socket;

	world.reconnect().accept();
	assert.deepEqual(second.sent, ["a", "b", "c", "after"]);
	assert.deepEqual(world.sockets.flatMap(({ sent }) => sent), ["before", "a", "b", "c", "after"]);
});

test("what a listener sends in open goes out before what has waited", () => {
	const world = new World();
	const ws = world.ws();

	ws.on("open", () => ws.send("name"));
	ws.send("text");
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["name", "text"]);
	ws.send("next");
	assert.deepEqual(world.socket.sent, ["name", "text", "next"]);
});

test("a message sent when the socket is open but has not told so waits for its turn", () => {
	const world = new World();
	const ws = world.ws();

	ws.send("a");
	world.socket.readyState = 1;
	ws.send("b");
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["a", "b"]);
});

test("a message for a socket that is closing already waits for the next one", () => {
	const world = new World();
	const ws = world.open();

	world.socket.readyState = 2;
	assert.equal(ws.send("a"), true);
	assert.deepEqual(world.socket.vanished, []);
	world.reconnect(1012).accept();
	assert.deepEqual(world.socket.sent, ["a"]);
});

test("a socket that closes during the flush keeps only what it took", () => {
	const world = new World();
	const ws = world.ws();

	ws.send("a");
	ws.send("b");
	world.socket.send = function (data) {
		this.sent.push(data);
		this.readyState = 2;
	};
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["a"]);
	world.reconnect().accept();
	assert.deepEqual(world.socket.sent, ["b"]);
});

test("waiting binary data is a copy, as with a socket", () => {
	const world = new World();
	const ws = world.ws();
	const bytes = Uint8Array.of(9, 1, 2, 9);

	ws.send(bytes.subarray(1, 3));
	ws.send(bytes.buffer);
	bytes.fill(0);
	world.socket.accept();
	assert.deepEqual([...new Uint8Array(world.socket.sent[0])], [1, 2]);
	assert.deepEqual([...new Uint8Array(world.socket.sent[1])], [9, 1, 2, 9]);
});

test("a waiting object is what it was when it was sent", () => {
	const world = new World();
	const ws = world.ws();
	const value = { n: 1 };

	ws.send(value);
	value.n = 2;
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ['{"n":1}']);
});

test("one message more than maxBuffer is refused: false and an error that names it", () => {
	const world = new World();
	const ws = world.ws("/ws", { maxBuffer: 2 });

	assert.equal(ws.send("a"), true);
	assert.equal(ws.send("b"), true);
	assert.equal(ws.send("c"), false);
	assert.deepEqual(ws.errors(), ["buffer-full"]);
	assert.match(ws.of("error")[0][0].message, /maxBuffer\b/);
	world.socket.accept();
	assert.deepEqual(world.socket.sent, ["a", "b"]);
});

test("one byte more than maxBufferBytes is refused, counted in UTF-8", () => {
	const world = new World();
	const ws = world.ws("/ws", { maxBufferBytes: 10 });

	assert.equal(ws.send("äöü"), true);
	assert.equal(ws.send(new Uint8Array(5)), false);
	assert.equal(ws.send(new Blob(["12345"])), false);
	assert.deepEqual(ws.errors(), ["buffer-full", "buffer-full"]);
	assert.match(ws.of("error")[0][0].message, /maxBufferBytes/);
	assert.equal(ws.send(new Uint8Array(4)), true);
	assert.equal(ws.bufferedAmount, 10);
});

test("room in the buffer comes back when it has gone out", () => {
	const world = new World();
	const ws = world.ws("/ws", { maxBuffer: 1, maxBufferBytes: 3 });

	ws.send("abc");
	world.socket.accept();
	world.socket.end();
	assert.equal(ws.send("def"), true);
	assert.deepEqual(ws.errors(), []);
});

test("the buffer's limits are 1000 messages and 4 MiB", () => {
	const world = new World();
	const many = world.ws();
	const large = world.ws();

	for (let i = 0; i < 1000; i++)
		assert.equal(many.send("x"), true);
	assert.equal(many.send("x"), false);
	assert.equal(large.send("x".repeat(4 << 20)), true);
	assert.equal(large.send("x"), false);
});

test("an open connection knows no buffer limit", () => {
	const world = new World();
	const ws = world.open("/ws", { maxBuffer: 0, maxBufferBytes: 0 });

	assert.equal(ws.send("a"), true);
	assert.deepEqual(world.socket.sent, ["a"]);
});

test("bufferedAmount counts what waits here and in the browser", () => {
	const world = new World();
	const ws = world.ws();

	ws.send("abc");
	world.socket.bufferedAmount = 4;
	assert.equal(ws.bufferedAmount, 7);
	world.socket.accept();
	assert.equal(ws.bufferedAmount, 4);
});

test("after close() send returns false and says so", () => {
	const world = new World();
	const ws = world.open();

	ws.close();
	assert.equal(ws.send("a"), false);
	assert.deepEqual(ws.errors(), ["closed"]);
	assert.deepEqual(world.socket.sent.concat(world.socket.vanished), []);
});

test("messages that wait when the connection closes for good are handed back in an error", () => {
	const world = new World();
	const ws = world.ws();

	ws.send("a");
	ws.send("b");
	world.socket.end(1008, "no");
	assert.deepEqual(ws.errors(), ["unsent"]);
	assert.deepEqual([...ws.of("error")[0][0].unsent], ["a", "b"]);
	assert.equal(ws.queued, 0);
	assert.equal(ws.bufferedAmount, 0);
});

test("close() hands back waiting messages too", () => {
	const world = new World();
	const ws = world.open();

	world.socket.end();
	ws.send("a");
	ws.close();
	assert.deepEqual([...ws.of("error")[0][0].unsent], ["a"]);
	world.clock.advance(60000);
	assert.equal(world.sockets.length, 1);
});

test("without reconnection a lost connection hands back what waits", () => {
	const world = new World();
	const ws = world.ws("/ws", { reconnect: false });

	ws.send("a");
	world.socket.fail();
	assert.deepEqual(ws.errors(), ["connection", "unsent"]);
});
