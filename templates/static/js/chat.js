// chat - one room of the chat; which one is in the page's own address.
"use strict";

(function () {
	const MAX_ENTRIES = 500; // older ones leave the page
	const NEAR_END = 60; // pixels: who is that close to the end wants to stay there
	const RETRY_MS = 1000; // the first wait; it doubles
	const MAX_RETRY_MS = 30000;

	const byId = (id) => document.getElementById(id);
	const log = byId("log");
	const latest = byId("latest");
	const state = byId("state");
	const online = byId("online");
	const form = byId("form");
	const name = byId("name");
	const text = byId("text");
	const send = form.querySelector("button");

	const segment = location.pathname.split("/")[2] || "general"; // percent-encoded
	const room = decode(segment);
	const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/chat/${segment}`;

	let socket = null;
	let retries = 0;
	let timer = null;

	function decode(encoded) {
		try {
			return decodeURIComponent(encoded);
		} catch {
			return encoded;
		}
	}

	// Storage may be forbidden; then the name lasts as long as the page.
	function remembered() {
		try {
			return localStorage.getItem("chat-name") || "";
		} catch {
			return "";
		}
	}

	function remember(value) {
		try {
			localStorage.setItem("chat-name", value);
		} catch {
			// nothing to do
		}
	}

	function element(tag, content) {
		const made = document.createElement(tag);

		made.textContent = content;
		return made;
	}

	function toEnd() {
		log.scrollTop = log.scrollHeight;
		latest.hidden = true;
	}

	function append(entry) {
		const follow = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;

		log.append(entry);
		while (log.childElementCount > MAX_ENTRIES)
			log.firstElementChild.remove();
		if (follow)
			toEnd();
		else
			latest.hidden = false;
	}

	function note(kind, content) {
		const entry = element("li", content);

		entry.className = kind;
		append(entry);
	}

	function clock(timestamp) {
		const when = new Date(timestamp);
		const shown = element("time", "");

		if (!Number.isNaN(when.getTime())) {
			shown.dateTime = timestamp;
			shown.textContent = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
		}
		return shown;
	}

	function show(message) {
		const entry = document.createElement("li");

		entry.append(element("b", message.from), clock(message.timestamp), element("p", message.text));
		if (name.value.trim() !== "" && message.from === name.value.trim())
			entry.className = "mine";
		append(entry);
	}

	function receive(event) {
		let message;

		try {
			message = JSON.parse(event.data);
		} catch {
			return;
		}
		if (message.type === "message")
			show(message);
		else if (message.type === "system" || message.type === "error")
			note(message.type, message.message);
		if (typeof message.online === "number") {
			online.textContent = `Online: ${message.online}`;
			online.hidden = false;
		}
	}

	function setState(to, words) {
		state.dataset.state = to;
		state.textContent = words;
		send.disabled = to !== "connected";
		if (to !== "connected")
			online.hidden = true;
	}

	// Half of the wait is by chance, so that a restart is not met by everybody at once.
	function retryLater() {
		const wait = Math.min(RETRY_MS * 2 ** retries, MAX_RETRY_MS) * (0.5 + Math.random() / 2);

		retries++;
		setState("closed", "Disconnected, trying again…");
		clearTimeout(timer);
		timer = setTimeout(connect, wait);
	}

	function connect() {
		clearTimeout(timer);
		setState("connecting", "Connecting…");
		socket = new WebSocket(address);
		socket.onopen = function () {
			retries = 0;
			setState("connected", "Connected");
		};
		socket.onmessage = receive;
		socket.onclose = retryLater;
	}

	form.addEventListener("submit", function (event) {
		const message = { text: text.value };

		event.preventDefault();
		if (text.value.trim() === "" || socket.readyState !== WebSocket.OPEN)
			return;
		if (name.value.trim() !== "")
			message.username = name.value.trim();
		socket.send(JSON.stringify(message));
		text.value = "";
		text.focus();
		toEnd();
	});

	name.addEventListener("change", () => remember(name.value.trim()));
	latest.addEventListener("click", toEnd);
	log.addEventListener("scroll", function () {
		if (log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END)
			latest.hidden = true;
	});
	// Back on the network: no need to wait for the timer.
	window.addEventListener("online", function () {
		if (socket.readyState === WebSocket.CLOSED)
			connect();
	});

	byId("room").textContent = room;
	document.title = `Chat: ${room}`;
	for (const link of document.querySelectorAll("nav a"))
		if (link.pathname === location.pathname)
			link.setAttribute("aria-current", "page");
	name.value = remembered();
	connect();
})();
