// Who is here: what the page is told, and what it says when it comes back.
"use strict";

const test = require("node:test");
const assert = require("node:assert/strict");
const { World } = require("./world.js");

const ids = ["a", "b", "c", "d"].map((digit) => digit.repeat(32));
const [A, B, C, D] = ids;
const KEY = "0123456789abcdef";
const member = (id, data, user, was) => JSON.stringify({ id, user, was, data });
const plain = (value) => JSON.parse(JSON.stringify(value)); // of another realm

function watched() {
	const world = new World();
	const ws = world.open();
	const told = [];

	ws.on("presence", (members, change, connections) => told.push(plain({ members, ...change, connections })));
	return {
		world,
		ws,
		say: (words) => world.socket.message(`\0${words}`),
		told: () => told.splice(0),
		back() {
			world.clock.advance(5000); // it has lasted: the next attempt comes soon
			world.socket.end();
			world.clock.advance(1000);
			const offered = world.socket.protocols.slice(1);

			world.socket.accept();
			return offered;
		},
	};
}

test("all who are here, then each who comes, changes and leaves, once", () => {
	const { ws, say, told } = watched();

	assert.deepEqual(plain(ws.members), []);
	say(`= [${member(A, { name: "Ann" })},${member(B, { name: "Bob" })}]`);
	const ann = { ids: [A], data: { name: "Ann" } };
	const bob = { ids: [B], data: { name: "Bob" } };
	const cid = { ids: [C], data: { name: "Cid the 2nd" } };
	assert.deepEqual(told(), [{ members: [ann, bob], joined: [ann, bob], left: [], changed: [], connections: 2 }]);
	say(`+ ${member(C, { name: "Cid the 2nd" })}`);
	assert.deepEqual(told(), [{ members: [ann, bob, cid], joined: [cid], left: [], changed: [], connections: 3 }]);
	say(`+ ${member(A, { name: "Anna" })}`);
	const anna = { ids: [A], data: { name: "Anna" } };
	assert.deepEqual(told(), [{ members: [anna, bob, cid], joined: [], left: [], changed: [anna], connections: 3 }]);
	say(`- ${B}`);
	assert.deepEqual(told(), [{ members: [anna, cid], joined: [], left: [bob], changed: [], connections: 2 }]);
	assert.deepEqual(plain(ws.members), [anna, cid]);
});

test("the connections of a user are one person, who leaves with the last", () => {
	const { say, told } = watched();

	say(`+ ${member(A, { tab: 1 }, "7")}`);
	say(`+ ${member(B, { tab: 2 }, "7")}`);
	say(`- ${A}`);
	say(`- ${B}`);
	const both = { user: "7", ids: [A, B], data: { tab: 2 } };
	const [first, second, third, last] = told();
	assert.deepEqual(first.joined, [{ user: "7", ids: [A], data: { tab: 1 } }]);
	assert.deepEqual([second.members, second.joined, second.changed, second.connections], [[both], [], [both], 2]);
	assert.deepEqual([third.left, third.changed], [[], [{ user: "7", ids: [B], data: { tab: 2 } }]]);
	assert.deepEqual([last.members, last.left], [[], [{ user: "7", ids: [B], data: { tab: 2 } }]]);
});

test("who is back in the place of an earlier connection has neither left nor come", () => {
	const { say, told } = watched();

	say(`+ ${member(A, {})}`);
	told();
	say(`+ ${member(B, {}, undefined, A)}`);
	const [{ members, joined, left }] = told();
	assert.deepEqual([members, joined, left], [[{ ids: [B], data: {} }], [], []]);
	say(`- ${B}`);
	assert.equal(told()[0].left.length, 1);
});

test("what is as it was when the page is back is no news", () => {
	const { say, told, back } = watched();
	const all = `= [${member(A, { name: "Ann" }, "7")},${member(B, {})}]`;

	say(all);
	told();
	back();
	say(all);
	assert.deepEqual(told(), []);
	back();
	say(`= [${member(C, { name: "Ann" }, "7")},${member(D, {}, undefined, B)}]`);
	const [{ joined, left, changed }] = told();
	assert.deepEqual([joined, left], [[], []], "they have come back, too");
	assert.deepEqual(changed.map(({ ids: [id] }) => id), [C, D]);
	back();
	say("= []");
	assert.equal(told()[0].left.length, 2);
});

test("of too many, the number is told", () => {
	const { ws, say, told, back } = watched();

	say(`+ ${member(A, {})}`);
	told();
	say("= 1001");
	assert.deepEqual(told(), [{ members: null, joined: [], left: [], changed: [], connections: 1001 }]);
	assert.equal(ws.members, null);
	back();
	say(`= [${member(A, {})}]`);
	const [{ members, joined }] = told();
	assert.deepEqual([members, joined], [[{ ids: [A], data: {} }], []], "the list is there again, and nobody new");
});

test("it offers the key that it was told, so as to keep its place", () => {
	const { ws, say, back } = watched();

	assert.deepEqual(back(), []);
	say("= []");
	assert.deepEqual(back(), ["frond.at.!0000000000000000"], "who has a list asks for it");
	say(`k ${KEY} ${A}`);
	assert.equal(ws.id, A);
	assert.deepEqual(back(), [`frond.at.!${KEY}`]);
	say("p 1f0c22ab.000000000001");
	assert.deepEqual(back(), [`frond.at.1f0c22ab.000000000001!${KEY}`]);
});
