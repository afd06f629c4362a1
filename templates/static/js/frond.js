/*
 * frond - a WebSocket that comes back.
 *
 *     const ws = frond.ws("/ws/chat/general");
 *
 *     ws.on("message", (data) => console.log(data));
 *     ws.send("hello");
 *
 * A plain script that sets the global `frond`, which require() has as well. A
 * script cannot export, so modules import frond.mjs beside it.
 * Every option and event is described in frond.d.ts.
 *
 * Inside, one record (`link`) holds all there is to know about a connection
 * that may outlive many sockets. The functions below take it as their first
 * argument; what the page gets is a small object around it.
 */
"use strict";

(function () {
	const FROND = "frond.1"; // the subprotocol in which the server has a word of its own now and then
	const NUL = "\0"; // what such a word begins with; a message that begins so has one more in front
	const AT = "frond.at."; // an offered subprotocol that says where the page has been
	const POSITION = /^[0-9a-f]{8}\.[0-9a-f]{12}(_[0-9a-f]{16}\.[0-9]{1,20})*(~[0-9a-f]{16})*$/;
	const NO_KEY = "!0000000000000000"; // of a page that knows of members, and is none
	const OPEN = 1; // WebSocket.OPEN, without needing the class
	const LOST = 1006; // the code browsers give to a connection that ended without a close frame
	const BLOCKED = 2; // so many WebSockets in a row that do not open are refused by something on the way

	const PROVEN_MS = 5000; // who stays that long is a working server
	const MISSED_BEATS = 2.5; // so many intervals of silence are too many
	const GRACE_MS = 1000; // for messages that came while the page slept
	const LEAVING_MS = 2000; // then a page has not been left
	const BURST_MS = 500; // heartbeats that close together were held up: they measure nothing
	const MAX_PATIENCE_MS = 3600000;
	const ANSWER_MS = 30000; // a request waits that long, unless it says otherwise
	const MAX_TIMER_MS = 0x7fffffff; // a longer setTimeout() fires at once

	const DEFAULTS = {
		reconnect: true,
		reconnectInterval: 1000,
		maxReconnectInterval: 30000,
		maxReconnectAttempts: Infinity,
		connectTimeout: 20000,
		heartbeat: true,
		heartbeatTimeout: 75000,
		maxBuffer: 1000,
		maxBufferBytes: 4 * 1024 * 1024,
		fatalCodes: [1008],
		protocols: [],
		since: "",
		binaryType: "arraybuffer",
		json: false,
		fallback: true,
	};

	const OTHER_SPELLINGS = new Map([
		["reconnectDelay", "reconnectInterval"],
		["maxReconnectDelay", "maxReconnectInterval"],
	]);

	// --- options and addresses ----------------------------------------------------

	// A time that is no number would become a wait of 0 ms: a flood.
	function checkNumbers(options) {
		for (const [name, value] of Object.entries(DEFAULTS))
			if (typeof value === "number" && !(typeof options[name] === "number" && options[name] >= 0))
				throw new TypeError(`frond.ws: ${name} must be a number, 0 or more`);
	}

	function settle(given) {
		const options = { ...DEFAULTS };

		for (const [name, value] of Object.entries(given ?? {}))
			if (value !== undefined)
				options[OTHER_SPELLINGS.get(name) ?? name] = value;
		checkNumbers(options);
		if (!Array.isArray(options.fatalCodes))
			throw new TypeError("frond.ws: fatalCodes must be an array");
		if (options.since !== "" && !POSITION.test(options.since))
			throw new TypeError("frond.ws: since must be a position, as the server tells it");
		return options;
	}

	function offeredProtocols(options) {
		return [...new Set([...(options.heartbeat ? [FROND] : []), ...[options.protocols].flat()])];
	}

	function whereText({ position, key }) {
		return (position === null ? "" : positionText(position)) + key;
	}

	function offers(link) {
		const where = whereText(link);

		return where === "" ? link.protocols : [...link.protocols, AT + where];
	}

	// What is neither would become the text of an address: /undefined, /[object%20Promise].
	function addressOf(path) {
		if (typeof path !== "string" && !isA("URL", path))
			throw new TypeError(`frond.ws: the path must be a string or a URL, not ${path === null ? null : typeof path}`);

		const url = new URL(path, globalThis.location?.href);

		url.protocol = url.protocol.replace("http", "ws");
		url.hash = ""; // not allowed in a WebSocket's address
		return url.href;
	}

	// --- events -------------------------------------------------------------------

	// The lists are replaced, not changed: emit() may be walking through one.
	function listenersOf(link, event) {
		return link.listeners.get(event) ?? [];
	}

	// Returns whether anybody listened. A listener that throws stops no other one.
	function emit(link, event, ...args) {
		const entries = listenersOf(link, event);

		for (const { call } of entries) {
			try {
				call(...args);
			} catch (error) {
				setTimeout(() => {
					throw error; // for the console
				});
			}
		}
		return entries.length > 0;
	}

	function removeWhere(link, event, isMeant) {
		link.listeners.set(event, listenersOf(link, event).filter((entry) => !isMeant(entry)));
	}

	// Returns the function that removes it again.
	function add(link, event, listener, call = listener) {
		const added = { listener, call };

		if (typeof listener !== "function")
			throw new TypeError("frond.ws: a listener must be a function");
		link.listeners.set(event, [...listenersOf(link, event), added]);
		return () => removeWhere(link, event, (entry) => entry === added);
	}

	function addOnce(link, event, listener) {
		const off = add(link, event, listener, (...args) => {
			off();
			listener(...args);
		});

		return off;
	}

	function remove(link, event, listener) {
		removeWhere(link, event, (entry) => entry.listener === listener);
	}

	function problem(code, message, facts) {
		return Object.assign(new Error(`frond.ws: ${message}`), { code }, facts);
	}

	// Tells of something the page would otherwise lose without a word.
	function complain(link, code, message, facts) {
		const error = problem(code, message, facts);

		if (!emit(link, "error", error))
			console.warn(error.message);
	}

	// --- sending ------------------------------------------------------------------

	// instanceof fails for what comes from another frame.
	function isA(name, data) {
		return Object.prototype.toString.call(data) === `[object ${name}]`;
	}

	function isBlob(data) {
		return isA("Blob", data) || isA("File", data);
	}

	function encode(data) {
		if (typeof data === "string" || isA("ArrayBuffer", data) || ArrayBuffer.isView(data) || isBlob(data))
			return data;

		const text = JSON.stringify(data);

		if (text === undefined)
			throw new TypeError("frond.ws: send() takes strings, binary data and what JSON can express");
		return text;
	}

	function sizeOf(message) {
		if (typeof message === "string")
			return new TextEncoder().encode(message).length;
		return message.byteLength ?? message.size;
	}

	// A socket copies what it is given, so waiting must not make a difference.
	function snapshot(message) {
		if (ArrayBuffer.isView(message))
			return message.buffer.slice(message.byteOffset, message.byteOffset + message.byteLength);
		return isA("ArrayBuffer", message) ? message.slice(0) : message;
	}

	function refuse(link, code, message) {
		complain(link, code, message);
		return false;
	}

	function enqueue(link, message) {
		const { maxBuffer, maxBufferBytes } = link.options;
		const bytes = sizeOf(message);

		if (link.queue.length >= maxBuffer)
			return refuse(link, "buffer-full", `not sent: ${maxBuffer} messages wait already (maxBuffer)`);
		if (link.queueBytes + bytes > maxBufferBytes)
			return refuse(link, "buffer-full", `not sent: ${maxBufferBytes} bytes are the limit (maxBufferBytes)`);
		link.queue.push({ message: snapshot(message), bytes });
		link.queueBytes += bytes;
		return true;
	}

	// A socket that is closing takes messages and drops them, so its own word counts too.
	function canSend(link) {
		return link.state === "open" && link.socket.readyState === OPEN && !link.held;
	}

	function listensOnly(link) {
		return link.state === "open" && link.socket.listensOnly === true;
	}

	function beginsWithNul(link, message) {
		return link.socket.protocol === FROND && typeof message === "string" && message.startsWith(NUL);
	}

	function transmit(link, message) {
		link.socket.send(beginsWithNul(link, message) ? NUL + message : message);
	}

	function send(link, data) {
		const message = encode(data);

		if (link.state === "closed")
			return refuse(link, "closed", "not sent: the connection is closed for good");
		if (listensOnly(link))
			return refuse(link, "listening", "not sent: an event stream only listens (listensOnly)");
		if (!canSend(link))
			return enqueue(link, message);
		transmit(link, message);
		return true;
	}

	function flush(link) {
		while (link.queue.length > 0 && canSend(link)) {
			const { message, bytes, question } = link.queue[0];

			if (needsMemory(link, question)) {
				askMemory(link);
				return;
			}
			link.queue.shift();
			link.queueBytes -= bytes;
			if (question === undefined)
				transmit(link, message);
			else if (link.asked.has(question.number)) // it may have run out of time
				ask(link, question);
		}
	}

	// --- requests -----------------------------------------------------------------

	/*
	 * A request is asked again on the next socket, until its answer has come. With `once`
	 * the server remembers the numbers of this page, which it knows by its key, and names
	 * its memory: if the name has changed, nobody knows what came of those asked before.
	 */
	function request(link, data, { timeout = ANSWER_MS, once = false } = {}) {
		return new Promise((resolve, reject) => {
			const message = snapshot(encode(data));
			const question = { number: link.nextNumber, message, bytes: sizeOf(message), once, resolve, reject };

			if (!(timeout >= 0))
				throw new TypeError("frond.ws: timeout must be a number, 0 or more");
			checkRoom(link, question);
			link.asked.set(link.nextNumber++, question);
			link.askedBytes += question.bytes;
			question.timer = setTimeout(deny, Math.min(timeout, MAX_TIMER_MS), link, question, "timeout");
			if (canSend(link) && !needsMemory(link, question)) {
				ask(link, question);
				return;
			}
			link.queue.push({ question, bytes: 0 });
			if (link.queue.length === 1)
				flush(link);
		});
	}

	function checkRoom(link, { bytes }) {
		const { maxBuffer, maxBufferBytes } = link.options;

		if (link.state === "closed")
			throw unanswered("closed");
		if (listensOnly(link))
			throw unanswered("listening");
		if (link.asked.size >= maxBuffer || link.askedBytes + bytes > maxBufferBytes)
			throw unanswered("buffer-full");
	}

	function needsMemory(link, question) {
		return question?.once && link.memory === null && link.socket.protocol === FROND;
	}

	// What comes behind waits too, and so stays in its order.
	function askMemory(link) {
		link.held = true;
		link.onceKey ??= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
		link.socket.send(`${NUL}o ${link.onceKey}`);
	}

	function takeMemory(link, name = "") {
		link.memory = name;
		link.held = false;
		flush(link);
	}

	function ask(link, question) {
		const { socket, memory } = link;
		const { number, message, once } = question;
		const isText = typeof message === "string";

		if (socket.protocol !== FROND)
			deny(link, question, "unsupported");
		else if (once && memory === "")
			deny(link, question, "busy");
		else if (once && (question.memory ??= memory) !== memory)
			deny(link, question, "unknown");
		else {
			const numbers = once ? `${number}.${link.asked.keys().next().value}` : number;

			question.socket = socket;
			socket.send(`${NUL}q ${numbers} ${isText ? `t ${message}` : "b"}`);
			if (!isText)
				socket.send(message);
		}
	}

	// Those that an earlier socket took along go first.
	function askAgain(link) {
		const lost = [...link.asked.values()].filter(({ socket }) => socket && socket !== link.socket);

		link.queue.unshift(...lost.map((question) => ({ question, bytes: 0 })));
	}

	function unanswered(code) {
		return problem(code, `no answer: ${code}`);
	}

	// Each request ends here, once.
	function settleRequest(link, question, how, value) {
		clearTimeout(question.timer);
		link.asked.delete(question.number);
		link.askedBytes -= question.bytes;
		question[how](value);
	}

	function deny(link, question, code) {
		settleRequest(link, question, "reject", unanswered(code));
	}

	// NUMBER: handled. NUMBER t TEXT, or NUMBER b and then a binary message. NUMBER ! why it was not.
	function takeAnswer(link, words) {
		const [, number, how, rest] = /^(\d+)(?: ([tb!]))?(?: ([^]*))?$/.exec(words) ?? [];
		const question = link.asked.get(Number(number));

		if (how === "b")
			link.answering = Number(number);
		else if (!question)
			return;
		else if (how !== "!")
			grant(link, question, rest);
		else if (rest === "again")
			ask(link, question);
		else
			deny(link, question, rest);
	}

	function grant(link, question, answer) {
		try {
			const value = link.options.json && typeof answer === "string" ? JSON.parse(answer) : answer;

			settleRequest(link, question, "resolve", value);
		} catch {
			deny(link, question, "not-json");
		}
	}

	// The binary message that was announced.
	function takeAnswerData(link, data) {
		const question = link.asked.get(link.answering);

		link.answering = null;
		if (question)
			grant(link, question, data);
	}

	// --- silence ------------------------------------------------------------------

	/*
	 * A network can go away without a word, and pings are invisible here. One timer
	 * watches how long nothing was heard: while connecting, and then when the
	 * server speaks frond.1. A timer of a page that slept may fire before the
	 * messages that came meanwhile, so there is a moment of grace.
	 */
	function watchSilence(link, limit) {
		stopWatching(link);
		link.silenceLimit = limit;
		link.heardAt = Date.now();
		if (limit > 0)
			checkSilence(link);
	}

	function stopWatching(link) {
		clearTimeout(link.silenceTimer);
		link.silenceTimer = null;
	}

	function silenceLeft(link) {
		const now = Date.now();

		link.heardAt = Math.min(link.heardAt, now); // the clock may have been set back
		return link.silenceLimit - (now - link.heardAt);
	}

	function checkSilence(link) {
		const left = silenceLeft(link);

		clearTimeout(link.silenceTimer);
		if (left > 0)
			link.silenceTimer = setTimeout(checkSilence, Math.min(left, MAX_TIMER_MS), link);
		else
			link.silenceTimer = setTimeout(judgeSilence, GRACE_MS, link);
	}

	function judgeSilence(link) {
		if (silenceLeft(link) > 0)
			checkSilence(link);
		else
			giveUpSocket(link);
	}

	// The browser may need minutes to close a dead socket. We do not wait for it.
	function giveUpSocket(link) {
		const { socket } = link;

		// Without a single heartbeat the guess may be at fault: the server's interval may be longer.
		if (link.state === "open" && !link.beaten)
			link.patience = Math.min(link.patience * 2, MAX_PATIENCE_MS);
		link.socket = null;
		socket?.close();
		lost(link, problem("timeout", "nothing was heard for too long"));
	}

	function expectBeats(link) {
		link.beaten = false;
		link.beatAt = Date.now();
		link.beatInterval = link.patience / MISSED_BEATS;
		watchSilence(link, link.patience);
	}

	// The larger one of the last two intervals counts, because the first one after a sleep is cut short.
	function beat(link) {
		const interval = link.heardAt - link.beatAt;

		link.beaten = true;
		link.beatAt = link.heardAt;
		if (interval < BURST_MS || interval > link.silenceLimit)
			return;
		link.silenceLimit = MISSED_BEATS * Math.max(interval, link.beatInterval);
		link.beatInterval = interval;
		checkSilence(link);
	}

	// --- where the page is ----------------------------------------------------------

	/*
	 * The server numbers what it keeps. A position is the number of the latest message
	 * of each of its hosts, and until when we have listened, by the server's clock.
	 * Behind each '~' is what the server called this connection, and earlier ones: what
	 * others were to get, and not we, does not come back to us.
	 */
	function parsePosition(text) {
		const [words, ...names] = text.split("~");
		const [head, ...marks] = words.split("_");
		const [tag, time] = head.split(".");

		return { tag, time: parseInt(time, 16), toldAt: Date.now(), heardAt: Date.now(), names, marks: parseMarks(marks) };
	}

	function parseMarks(marks) {
		return new Map(marks.map((mark) => mark.split(".")));
	}

	function positionText({ tag, time, toldAt, heardAt, names, marks }) {
		const until = time + Math.max(0, heardAt - toldAt); // the clock may have been set back
		const words = [`${tag}.${until.toString(16).padStart(12, "0")}`, ...[...marks].map((mark) => mark.join("."))];

		return [words.join("_"), ...names].join("~");
	}

	// Either all of it, after which it counts, or a message that others were to get.
	function takePosition(link, words) {
		if (POSITION.test(words)) {
			link.position = parsePosition(words);
			link.placed = true;
		} else if (link.position !== null) {
			parseMarks(words.split("_")).forEach((number, origin) => link.position.marks.set(origin, number));
		}
	}

	// What is announced without a number is the one that follows.
	function announce(link, words) {
		if (words !== undefined) {
			link.announced.push(...words.split("_").map((mark) => mark.split(".")));
		} else if (link.announcedLast !== null) {
			const [origin, number] = link.announcedLast;

			link.announced.push([origin, String(BigInt(number) + 1n)]);
		}
		link.announcedLast = link.announced.at(-1) ?? null;
	}

	// The next message has come.
	function arrive(link) {
		const mark = link.announced.shift();

		link.arrived++;
		if (mark !== undefined)
			link.position?.marks.set(...mark);
	}

	// --- who is here ------------------------------------------------------------------

	/*
	 * Each member is a connection. A person is all connections of a user, or one without;
	 * who comes back in the place of an earlier connection is still the same one.
	 */
	function meet(link, before, member) {
		const { id, user, was } = member;
		const earlier = before.get(id) ?? before.get(was);

		link.members.delete(was);
		link.members.set(id, { ...member, person: user === undefined ? earlier?.person ?? id : `u${user}` });
	}

	function peopleOf(members) {
		const people = new Map();

		for (const { person, id, user, data } of members.values())
			people.set(person, { user, ids: [...people.get(person)?.ids ?? [], id], data });
		return people;
	}

	// One of these, or all of them, which may be no news; of too many, only the number.
	function hearOfMembers(link, verb, words) {
		const before = link.members;
		const told = verb === "-" ? [] : JSON.parse(words);

		link.key ||= NO_KEY;
		if (verb === "-")
			link.members.delete(words);
		if (verb === "=")
			link.members = new Map();
		if (typeof told === "number") {
			link.members = before;
			link.count = told;
			emit(link, "presence", null, { joined: [], left: [], changed: [] }, told);
			return;
		}
		[told].flat().forEach((member) => meet(link, before, member));
		tellPeople(link);
	}

	function tellPeople(link) {
		const before = link.people;
		const now = peopleOf(link.members);
		const those = (people, isMeant) => [...people].filter(isMeant).map(([, person]) => person);
		const change = {
			joined: those(now, ([key]) => !before.has(key)),
			left: those(before, ([key]) => !now.has(key)),
			changed: those(now, ([key, person]) => before.has(key) && JSON.stringify(before.get(key)) !== JSON.stringify(person)),
		};
		const isNews = link.count !== null || Object.values(change).flat().length > 0;

		link.people = now;
		link.count = null;
		if (isNews)
			emit(link, "presence", [...now.values()], change, link.members.size);
	}

	// --- an event stream in the place of a socket -----------------------------------

	/*
	 * Where WebSockets are blocked, the same path can be listened to at least. To all
	 * else here it is a socket that speaks frond.1: what the server says for itself, as
	 * events of some types, becomes the words that it would have said there.
	 */
	function eventSocket(Source, url, binaryType) {
		const source = new Source(url, { withCredentials: true });
		const tell = (words) => socket.onmessage({ data: NUL + words });
		const say = (data) => socket.onmessage({ data: String(data).startsWith(NUL) ? NUL + data : data });
		const end = (code, reason) => {
			source.close();
			socket.onclose({ code, reason });
		};
		const socket = {
			listensOnly: true,
			protocol: FROND,
			close(code, reason) {
				source.close();
				setTimeout(end, 0, code, reason);
			},
		};
		const takes = {
			message: say,
			text: (data) => say(JSON.parse(data)),
			binary: (data) => {
				const { buffer } = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));

				say(binaryType === "blob" ? new Blob([buffer]) : buffer);
			},
			heartbeat: () => tell(""),
			position: () => {},
			presence: tell,
			resumed: () => tell("r 1"),
			gap: () => tell("r 0"),
			close: (data) => {
				const { code, reason } = JSON.parse(data);

				end(code, reason);
			},
		};
		let last = "";
		let names = "";

		// Where a message leads is said with it, what this connection is called only now and then.
		const follow = (id) => {
			const [words, called = names] = id.split(/(~.*)/);

			last = id;
			names = called;
			tell("p " + words + names);
		};

		for (const [type, take] of Object.entries(takes))
			source.addEventListener(type, ({ data, lastEventId }) => {
				if (lastEventId && lastEventId !== last) // some have none where an event has none
					follow(lastEventId);
				take(data);
			});
		source.onopen = (event) => socket.onopen(event);
		source.onerror = (event) => { // it would come back by itself, but not as the page wants it
			source.close();
			socket.onerror(event);
			end(LOST, "");
		};
		return socket;
	}

	function eventsAddress(link, url) {
		const where = whereText(link);
		const since = where === "" ? "" : `${url.includes("?") ? "&" : "?"}last-event-id=${where}`;

		return url.replace("ws", "http") + since;
	}

	// None has opened; one is tried again in between, as what was in the way may be gone.
	function isBlocked(link, Socket) {
		return typeof Socket !== "function" || (!link.spoke && link.unopened >= BLOCKED && link.unopened % 2 === 0);
	}

	function makeSocket(link, url) {
		const { options } = link;
		const Socket = options.WebSocket ?? globalThis.WebSocket;
		const Source = options.fallback ? options.EventSource ?? globalThis.EventSource : null;

		if (typeof Source === "function" && isBlocked(link, Socket))
			return eventSocket(Source, eventsAddress(link, url), options.binaryType);
		if (typeof Socket !== "function")
			throw new Error("frond.ws: there is no WebSocket here: give a class as the option WebSocket (Node has one from 22 on)");
		return new Socket(url, offers(link));
	}

	// --- one socket ---------------------------------------------------------------

	// A path that is a function is asked each time, for tokens that expire; it may have to fetch them.
	function connect(link) {
		const path = typeof link.path === "function" ? link.path() : link.path;

		if (typeof path?.then === "function")
			awaitPath(link, path);
		else
			openSocket(link, path);
	}

	// The time to connect counts from the question on.
	function awaitPath(link, promise) {
		const words = (error) => String(error?.message ?? error).replace(/^frond\.ws: /, ""); // problem() adds them
		const fail = (error) => lost(link, problem("connection", words(error), { cause: error }));
		// Who was given up, or closed meanwhile, may still answer: nobody listens.
		const own = (handle) => (answer) => {
			if (link.awaited === promise)
				handle(answer);
		};

		link.awaited = promise;
		link.state = "connecting";
		watchSilence(link, link.options.connectTimeout);
		promise.then(own((path) => {
			try {
				openSocket(link, path);
			} catch (error) {
				fail(error);
			}
		}), own(fail));
	}

	function openSocket(link, path) {
		const socket = makeSocket(link, addressOf(path));
		// One that was given up may still speak: nobody listens.
		const own = (handle) => (event) => {
			if (link.socket === socket)
				handle(link, event);
		};

		socket.binaryType = link.options.binaryType;
		socket.onopen = own(opened);
		socket.onmessage = own(received);
		socket.onerror = own(failed);
		socket.onclose = own((_, event) => ended(link, event.code, event.reason));
		link.awaited = null;
		link.socket = socket;
		link.unopened++;
		link.state = "connecting";
		watchSilence(link, link.options.connectTimeout);
	}

	// Listeners come first: what they send (a name, say) prepares the server for what has waited.
	function opened(link) {
		if (link.state === "closed")
			return;
		link.state = "open";
		link.openedAt = Date.now();
		link.unopened = link.socket.listensOnly ? BLOCKED - 1 : 0;
		link.spoke ||= !link.socket.listensOnly;
		link.announced = [];
		link.announcedLast = null;
		link.placed = false;
		link.arrived = 0;
		link.memory = link.answering = null;
		link.held = false;
		if (link.socket.protocol === FROND)
			expectBeats(link);
		else
			stopWatching(link);
		emit(link, "open");
		askAgain(link);
		flush(link);
	}

	function received(link, { data }) {
		if (link.state !== "open")
			return;
		link.heardAt = Date.now();
		if (link.placed)
			link.position.heardAt = link.heardAt;
		if (link.answering !== null && typeof data !== "string")
			takeAnswerData(link, data);
		else if (!beginsWithNul(link, data))
			emitMessage(link, data);
		else if (data[1] === NUL)
			emitMessage(link, data.slice(1));
		else
			obey(link, data.slice(1));
	}

	// What the server says for itself: a verb, and its words. One that is not known is of a newer server.
	function obey(link, text) {
		const [verb] = text.split(" ", 1);
		const words = text === verb ? undefined : text.slice(verb.length + 1);

		if (verb === "a")
			takeAnswer(link, words);
		else if (verb === "o")
			takeMemory(link, words);
		else if (verb === "")
			beat(link);
		else if (verb === "n")
			announce(link, words);
		else if (verb === "p" && words !== undefined)
			takePosition(link, words);
		else if (verb === "r" && words === "0")
			emit(link, "gap");
		else if (verb === "r" && words === "1")
			emit(link, "resumed", link.arrived);
		else if (verb === "k" && words !== undefined)
			[link.key, link.id] = `!${words}`.split(" ");
		else if (["=", "+", "-"].includes(verb) && words !== undefined)
			hearOfMembers(link, verb, words);
	}

	function emitMessage(link, data) {
		arrive(link);
		if (link.options.json && typeof data === "string")
			emitParsed(link, data);
		else
			emit(link, "message", data);
	}

	function emitParsed(link, data) {
		let value;

		try {
			value = JSON.parse(data);
		} catch {
			complain(link, "not-json", "a message is not JSON", { data });
			return;
		}
		emit(link, "message", value);
	}

	function failed(link, event) {
		if (link.state !== "closed" && !isLeaving(link))
			emit(link, "error", problem("connection", "the connection failed", { event }));
	}

	// --- coming back --------------------------------------------------------------

	function isFatal(link, code) {
		return link.options.fatalCodes.some((fatal) =>
			Array.isArray(fatal) ? code >= fatal[0] && code <= fatal[1] : code === fatal);
	}

	/*
	 * The socket is gone, or never came to be. To have been opened, or to have got
	 * a message, proves nothing: a server may greet and close for ever, and would
	 * be asked again without any pause.
	 */
	function ended(link, code, reason) {
		stopWatching(link);
		link.socket = link.awaited = null;
		if (link.state === "open" && Date.now() - link.openedAt >= PROVEN_MS)
			link.attempts = 0;
		if (link.state !== "closed" && isLeaving(link))
			linger(link, code, reason);
		else
			conclude(link, code, reason);
	}

	function conclude(link, code, reason) {
		const { options } = link;
		const wanted = link.state !== "closed" && options.reconnect && !isFatal(link, code);

		if (wanted && link.attempts < options.maxReconnectAttempts) {
			wait(link);
			emit(link, "close", code, reason, true);
			return;
		}
		link.state = "closed";
		emit(link, "close", code, reason, false);
		if (wanted)
			emit(link, "reconnect_failed");
		finish(link);
	}

	// Firefox closes the sockets of a page before it is left: no reason to say so, unless it stays or comes back.
	function isLeaving(link) {
		return Date.now() - link.leavingSince < LEAVING_MS;
	}

	function linger(link, code, reason) {
		link.state = "waiting";
		link.retryAt = Date.now() + LEAVING_MS;
		link.stay = () => {
			link.stay = null;
			clearTimeout(link.retryTimer);
			conclude(link, code, reason);
		};
		link.retryTimer = setTimeout(link.stay, LEAVING_MS);
	}

	// Lost without an event of a socket's own. A listener may take the error as reason to close.
	function lost(link, error) {
		emit(link, "error", error);
		if (link.state !== "closed")
			ended(link, LOST, "");
	}

	// Any time up to the limit: then a restarted server is not met by everybody at once.
	function wait(link) {
		const { reconnectInterval, maxReconnectInterval } = link.options;
		const longest = Math.max(reconnectInterval, maxReconnectInterval);
		const limit = Math.min(reconnectInterval * 2 ** link.attempts, longest, MAX_TIMER_MS);
		const waitMs = Math.random() * limit;

		link.state = "waiting";
		link.retryAt = Date.now() + waitMs;
		link.retryTimer = setTimeout(retry, waitMs, link);
	}

	function retry(link) {
		clearTimeout(link.retryTimer);
		link.attempts++;
		emit(link, "reconnect", link.attempts);
		if (link.state !== "waiting")
			return;
		try {
			connect(link);
		} catch (error) { // of the page's own function for the path
			lost(link, problem("connection", error.message, { cause: error }));
		}
	}

	function wake(link, event) {
		if (event.type === "visibilitychange" && globalThis.document.visibilityState === "hidden")
			return;
		link.stay?.();
		if (link.state === "waiting")
			retry(link);
		else if (link.silenceTimer !== null)
			checkSilence(link);
	}

	function watchBrowser(link) {
		const onWake = (event) => wake(link, event);
		const onLeave = () => {
			link.leavingSince = Date.now();
		};
		const sources = [
			[globalThis, "online", onWake],
			[globalThis, "pageshow", onWake],
			[globalThis.document, "visibilitychange", onWake],
			[globalThis, "beforeunload", onLeave],
			[globalThis, "pagehide", onLeave],
		];

		for (const [source, event, listener] of sources)
			source?.addEventListener?.(event, listener);
		link.unwatchBrowser = () => {
			for (const [source, event, listener] of sources)
				source?.removeEventListener?.(event, listener);
		};
	}

	// --- the end ------------------------------------------------------------------

	function finish(link) {
		const unsent = link.queue.filter(({ question }) => !question).map(({ message }) => message);

		stopWatching(link);
		link.awaited = null;
		clearTimeout(link.retryTimer);
		link.unwatchBrowser();
		link.queue = [];
		link.queueBytes = 0;
		for (const question of [...link.asked.values()])
			deny(link, question, "closed");
		if (unsent.length > 0)
			complain(link, "unsent", `closed while messages waited: ${unsent.length}`, { unsent });
	}

	function close(link, code = 1000, reason = "") {
		const { socket } = link;

		if (link.state === "closed")
			return;
		socket?.close(code, reason); // throws for a code that is not allowed: then nothing has changed
		link.state = "closed";
		finish(link);
		if (!socket)
			emit(link, "close", code, reason, false);
	}

	// --- what the page gets -------------------------------------------------------

	function facade(link) {
		return {
			on: (event, listener) => add(link, event, listener),
			once: (event, listener) => addOnce(link, event, listener),
			off: (event, listener) => remove(link, event, listener),
			send: (data) => send(link, data),
			request: (data, given) => request(link, data, given),
			close: (code, reason) => close(link, code, reason),
			get state() {
				return link.state;
			},
			get protocol() {
				return link.socket?.protocol ?? "";
			},
			get retryInMs() {
				return link.state === "waiting" ? Math.max(0, link.retryAt - Date.now()) : null;
			},
			get listensOnly() {
				return listensOnly(link);
			},
			get queued() {
				return link.queue.length;
			},
			get id() {
				return link.id;
			},
			get members() {
				return link.count === null ? [...link.people.values()] : null;
			},
			get position() {
				return link.position === null ? "" : positionText(link.position);
			},
			get bufferedAmount() {
				return link.queueBytes + (link.socket?.bufferedAmount ?? 0);
			},
		};
	}

	function ws(path, given) {
		const options = settle(given);
		const link = {
			path,
			options,
			protocols: offeredProtocols(options),
			position: options.since === "" ? null : parsePosition(options.since),
			announced: [], // marks of the messages that come next
			announcedLast: null,
			placed: false, // it was told where it is: until then, what it gets is what it has missed
			arrived: 0, // messages on this socket
			key: "", // what it offers, to be told who is here, and to be taken for who it was
			id: "", // of its connection, while others see it
			members: new Map(), // each connection under its id
			people: new Map(), // whom the page has been told of
			count: null, // how many there are, where only that is told
			listeners: new Map(), // event name -> [{ listener, call }]
			socket: null, // the one that counts; others are ignored
			awaited: null, // the promise of a path, before there is a socket
			state: "connecting",
			attempts: 0, // since the last connection that lasted
			unopened: 0, // sockets since the last one that opened
			spoke: false, // a WebSocket has opened
			openedAt: 0,
			retryTimer: null,
			leavingSince: -Infinity,
			stay: null,
			retryAt: 0,
			queue: [], // { message, bytes }, oldest first
			queueBytes: 0,
			asked: new Map(), // requests without an answer, by their number
			nextNumber: 1,
			askedBytes: 0,
			onceKey: null, // by which the server knows this page again, for requests with `once`
			memory: null, // what this socket's server calls its memory of it; "": it has none
			held: false, // nothing goes out until it has said so
			answering: null, // the number of the request whose answer is the next binary message
			silenceTimer: null, // set while silence is watched
			silenceLimit: 0,
			heardAt: 0,
			patience: options.heartbeatTimeout, // silence allowed before the interval is known
			beaten: false, // a heartbeat came on this socket
			beatAt: 0,
			beatInterval: 0,
			unwatchBrowser: null,
		};

		connect(link);
		watchBrowser(link);
		return facade(link);
	}

	const frond = { ws };

	globalThis.frond = frond;
	if (typeof module === "object" && module.exports)
		module.exports = frond;
})();
