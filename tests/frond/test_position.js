// Where the page is on a path whose messages are kept, and how it says so when it comes back.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

const A = "00000000000000aa";
const B = "00000000000000bb";
const NAME = "0123456789abcdef";
const at = (time, ...marks) => [`1f0c22ab.${time.toString(16).padStart(12, "0")}`, ...marks].join("_");
const T = 1700000000000;

// Loses the connection and comes back: what is offered beside frond.1.
function offered(world) {
	world.socket.end();
	world.clock.advance(1000);
	return world.socket.protocols.slice(1);
}

test("a page that was told nothing offers nothing", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message("a");
	assert.equal(ws.position, "");
	assert.deepEqual(offered(world), []);
});

test("it comes back to where it was, under the name that it had", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T, `${A}.5`)}~${NAME}`);
	assert.equal(ws.position, `${at(T, `${A}.5`)}~${NAME}`);
	assert.deepEqual(offered(world), [`frond.at.${at(T, `${A}.5`)}~${NAME}`]);
});

test("and under those that it had before", () => {
	const world = new World();
	const ws = world.open();
	const told = `${at(T, `${A}.5`)}~${NAME}~${A}~${NAME}`;

	world.socket.message(`\0p ${told}`);
	assert.equal(ws.position, told);
	assert.deepEqual(offered(world), [`frond.at.${told}`]);
});

test("a message counts when it has come, and not when it is announced", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T, `${A}.5`)}`);
	world.socket.message(`\0n ${A}.7`);
	assert.equal(ws.position, at(T, `${A}.5`));
	world.socket.message("a");
	assert.equal(ws.position, at(T, `${A}.7`));
	world.socket.message("not kept");
	assert.equal(ws.position, at(T, `${A}.7`));
});

test("several are announced at once, of several hosts, or by their order alone", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T)}`);
	world.socket.message(`\0n ${A}.1_${B}.9`);
	world.socket.message("a");
	assert.equal(ws.position, at(T, `${A}.1`));
	world.socket.message("b");
	world.socket.message("\0n");
	world.socket.message("c");
	assert.equal(ws.position, at(T, `${A}.1`, `${B}.10`));
});

test("numbers may be as large as they can be", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T)}`);
	world.socket.message(`\0n ${A}.18446744073709551614`);
	world.socket.message("a");
	world.socket.message("\0n");
	world.socket.message("b");
	assert.equal(ws.position, at(T, `${A}.18446744073709551615`));
});

test("what only others get counts at once", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T, `${A}.5`)}`);
	world.socket.message(`\0p ${A}.6`);
	assert.equal(ws.position, at(T, `${A}.6`));
});

test("all of a position takes the place of what was known", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T, `${A}.5`)}`);
	world.socket.message(`\0p ${at(T + 9, `${B}.1`)}`);
	assert.equal(ws.position, at(T + 9, `${B}.1`));
});

test("its time goes on while something is heard, by the server's clock", () => {
	const world = new World();
	const ws = world.open();

	world.clock.advance(777);
	world.socket.message(`\0p ${at(5000)}`);
	world.clock.advance(1000);
	assert.equal(ws.position, at(5000));
	world.socket.message("\0");
	world.clock.advance(1000);
	assert.equal(ws.position, at(6000), "silence proves nothing");
	world.clock.sleep(-100000);
	world.socket.message("\0");
	assert.equal(ws.position, at(5000), "nor does a clock that is set back");
});

test("what was announced on a lost connection is forgotten with it", () => {
	const world = new World();
	const ws = world.open();

	world.socket.message(`\0p ${at(T, `${A}.5`)}`);
	world.socket.message(`\0n ${A}.6`);
	offered(world);
	world.socket.accept();
	world.socket.message("another");
	assert.equal(ws.position, at(T, `${A}.5`));
});

test("while it gets what it has missed, its time stands still", () => {
	const world = new World();
	const ws = world.open("/ws", { since: at(T, `${A}.5`) });

	world.clock.advance(1000);
	world.socket.message(`\0n ${A}.6`);
	world.socket.message("missed");
	assert.equal(ws.position, at(T, `${A}.6`), "it may lack what follows");
	world.socket.message(`\0p ${at(T + 2000, `${A}.7`)}`);
	world.clock.advance(500);
	world.socket.message("new");
	assert.equal(ws.position, at(T + 2500, `${A}.7`));
});

test("the page hears how many messages it had missed, or that some are gone", () => {
	const world = new World();
	const ws = world.open("/ws", { since: at(T, `${A}.5`) });

	assert.deepEqual(world.socket.protocols, ["frond.1", `frond.at.${at(T, `${A}.5`)}`]);
	world.socket.message(`\0n ${A}.6_${A}.7`);
	world.socket.message("a");
	world.socket.message("b");
	world.socket.message("\0r 1");
	world.socket.message("\0r 0");
	assert.deepEqual(ws.events, [["open"], ["message", "a"], ["message", "b"], ["resumed", 2], ["gap"]]);
	assert.equal(ws.position, at(T, `${A}.7`));
});

test("a position of the page must be one", () => {
	const world = new World();

	for (const since of ["x", 5, null, `${at(T)},x`, `${at(T)}_${A}`, `${at(T)}~`])
		assert.throws(() => world.ws("/ws", { since }), /since must be a position/);
	assert.deepEqual(world.open("/ws", { since: "" }).events, [["open"]]);
	assert.deepEqual(world.socket.protocols, ["frond.1"]);
});

test("without frond.1 a position may be offered all the same", () => {
	const world = new World();

	world.ws("/ws", { heartbeat: false, since: at(T) });
	assert.deepEqual(world.socket.protocols, [`frond.at.${at(T)}`]);
});
