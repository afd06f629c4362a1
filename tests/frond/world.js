/*
 * world - a browser for frond.js in which nothing happens by itself.
 *
 * frond.js runs as a plain script in a realm of its own, whose clock, chance,
 * network and window belong to the test.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { webcrypto } = require("node:crypto");

const SCRIPT = path.join(__dirname, "../../templates/static/js/frond.js");
const source = fs.readFileSync(SCRIPT, "utf8");

// Time passes in advance() only.
class Clock {
	constructor() {
		this.now = 1700000000000;
		this.timers = new Map();
		this.lastId = 0;
		this.setTimeout = (call, ms = 0, ...args) => {
			const due = this.now + (ms > 0x7fffffff ? 1 : Math.max(0, ms)); // as browsers do

			this.timers.set(++this.lastId, { due, call, args });
			return this.lastId;
		};
		this.clearTimeout = (id) => {
			this.timers.delete(id);
		};
	}

	nextDue(until) {
		const due = [...this.timers].filter(([, timer]) => timer.due <= until);

		return due.sort(([a, x], [b, y]) => x.due - y.due || a - b)[0];
	}

	advance(ms) {
		const until = this.now + ms;

		for (let next = this.nextDue(until); next; next = this.nextDue(until)) {
			const [id, { due, call, args }] = next;

			this.timers.delete(id);
			this.now = Math.max(this.now, due);
			call(...args);
		}
		this.now = until;
	}

	// The machine sleeps: time passes, no timer fires.
	sleep(ms) {
		this.now += ms;
	}
}

class Target {
	constructor() {
		this.listeners = new Set();
		this.addEventListener = (type, call) => this.listeners.add({ type, call });
		this.removeEventListener = (type, call) => {
			for (const entry of this.listeners)
				if (entry.type === type && entry.call === call)
					this.listeners.delete(entry);
		};
	}

	dispatch(type) {
		for (const entry of [...this.listeners])
			if (entry.type === type)
				entry.call({ type });
	}
}

// A WebSocket as the standard has it; the test is its server.
class FakeSocket {
	constructor(url, protocols = []) {
		this.url = url;
		this.protocols = [...protocols];
		this.protocol = "";
		this.readyState = 0;
		this.bufferedAmount = 0;
		this.sent = [];
		this.vanished = []; // given to a socket that could not send any more
		this.closedWith = null;
	}

	send(data) {
		if (this.readyState === 0)
			throw new Error("InvalidStateError");
		(this.readyState === 1 ? this.sent : this.vanished).push(data);
	}

	close(code, reason) {
		if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999))
			throw new Error("InvalidAccessError");
		if (this.readyState < 2)
			this.readyState = 2;
		this.closedWith = { code, reason };
	}

	// What the server and the network do.

	accept(protocol = this.protocols[0] ?? "") {
		this.protocol = protocol;
		this.readyState = 1;
		this.onopen({ type: "open" });
		return this;
	}

	message(data) {
		this.onmessage({ type: "message", data });
	}

	end(code = 1006, reason = "") {
		this.readyState = 3;
		this.onclose({ type: "close", code, reason });
	}

	fail() {
		this.readyState = 3;
		this.onerror({ type: "error" });
		this.end();
	}
}

// An EventSource as the standard has it, as far as frond.js lets it go.
class FakeSource {
	constructor(url, { withCredentials }) {
		this.url = url;
		this.withCredentials = withCredentials;
		this.readyState = 0;
		this.lastEventId = "";
		this.takers = new Map();
	}

	addEventListener(type, take) {
		this.takers.set(type, take);
	}

	close() {
		this.readyState = 2;
	}

	// What the server and the network do.

	accept() {
		this.readyState = 1;
		this.onopen({ type: "open" });
		return this;
	}

	event(type, data = "", id = this.lastEventId) {
		this.lastEventId = id;
		if (this.readyState === 1)
			this.takers.get(type)?.({ type, data, lastEventId: id });
	}

	message(data, id) {
		this.event("message", data, id);
	}

	fail() {
		this.readyState = 0; // it would try again
		this.onerror({ type: "error" });
	}
}

class World {
	constructor(href = "https://example.org/chat/general?a=1#top") {
		const world = this;

		this.clock = new Clock();
		this.window = new Target();
		this.document = Object.assign(new Target(), { visibilityState: "visible" });
		this.sockets = [];
		this.sources = [];
		this.random = 0.5;
		this.warnings = [];

		this.Socket = class extends FakeSocket {
			constructor(url, protocols) {
				super(url, protocols);
				world.sockets.push(this);
			}
		};
		this.Source = class extends FakeSource {
			constructor(url, options) {
				super(url, options);
				world.sources.push(this);
			}
		};
		this.context = vm.createContext({
			URL,
			atob,
			Blob,
			crypto: webcrypto,
			TextEncoder,
			WebSocket: this.Socket,
			setTimeout: this.clock.setTimeout,
			clearTimeout: this.clock.clearTimeout,
			addEventListener: this.window.addEventListener,
			removeEventListener: this.window.removeEventListener,
			document: this.document,
			location: { href },
			console: { warn: (text) => this.warnings.push(text) },
			Date: { now: () => this.clock.now },
			Math: Object.assign(Object.create(Math), { random: () => this.random }),
		});
		vm.runInContext(source, this.context, { filename: SCRIPT });
		this.frond = this.context.frond;
	}

	get socket() {
		return this.sockets[this.sockets.length - 1];
	}

	get source() {
		return this.sources[this.sources.length - 1];
	}

	// Those that connect or are open.
	live() {
		return this.sockets.filter((socket) => socket.readyState < 2).length;
	}

	// A connection that writes down its events as [name, ...arguments].
	ws(path = "/ws/x", options = undefined) {
		const ws = this.frond.ws(path, options);

		ws.events = [];
		for (const name of ["open", "message", "close", "error", "reconnect", "reconnect_failed", "gap", "resumed"])
			ws.on(name, (...args) => ws.events.push([name, ...args]));
		ws.of = (name) => ws.events.filter(([event]) => event === name).map(([, ...args]) => args);
		ws.errors = () => ws.of("error").map(([error]) => error.code);
		return ws;
	}

	// The same, open and speaking frond.1.
	open(path, options) {
		const ws = this.ws(path, options);

		this.socket.accept();
		return ws;
	}

	// Goes to the next attempt, if there is one, and returns how long that took.
	nextAttempt(limit = 60000) {
		const { clock } = this;
		const attempts = () => this.sockets.length + this.sources.length;
		const known = attempts();
		const start = clock.now;

		while (attempts() === known && clock.nextDue(start + limit))
			clock.advance(clock.nextDue(Infinity)[1].due - clock.now);
		return clock.now - start;
	}

	// Loses the socket and returns the next one, or the same when there is none.
	reconnect(code) {
		this.socket.end(code);
		this.nextAttempt();
		return this.socket;
	}
}

module.exports = { World, SCRIPT, source };
