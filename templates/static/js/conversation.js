/*
 * conversation - what the chat page and the room page have in common.
 *
 * It connects, asks for a name, tells it each time it is connected, sends what
 * is written, and shows what its page understands of what comes. All that
 * people wrote goes to the page as text, never as HTML.
 */
import { showStatus } from "./status.js";

const MAX_ENTRIES = 500; // older ones leave the page
const NEAR_END = 60; // pixels: who is that close to the end wants to stay there
const MAX_NAME_BYTES = 64; // the server's limit
const NAME_KEY = "tina4-name";
const ANONYMOUS = "Anonymous";
const SHOWN_MS = 1500; // in which what was sent has come back, or is shown as waiting

const byId = (id) => document.getElementById(id);

// --- the log ----------------------------------------------------------------------

const messages = byId("messages");
const latest = byId("latest");

function isNearEnd() {
	return messages.scrollHeight - messages.scrollTop - messages.clientHeight < NEAR_END;
}

function toEnd() {
	messages.scrollTop = messages.scrollHeight;
	latest.hidden = true;
}

function append(entry) {
	const follow = isNearEnd();

	messages.append(entry);
	while (messages.childElementCount > MAX_ENTRIES)
		messages.firstElementChild.remove();
	if (follow)
		toEnd();
	else
		latest.hidden = false;
}

function element(tag, text, dir) {
	const made = document.createElement(tag);

	made.textContent = text;
	if (dir)
		made.dir = dir;
	return made;
}

/** Something that nobody said; kind is "system" or "error". */
export function note(kind, text) {
	const entry = element("li", text, "auto");

	entry.className = kind;
	append(entry);
}

function clock(when) {
	const time = element("time", "");

	if (!Number.isNaN(when.getTime())) {
		time.dateTime = when.toISOString();
		time.textContent = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
	}
	return time;
}

/** What somebody said; isMine makes it look so. */
export function say(from, when, text, isMine) {
	forgetSent(text);
	const entry = document.createElement("li");
	const head = document.createElement("p");

	head.className = "head";
	head.append(element("bdi", from), " ", clock(when));
	entry.append(head, element("p", text, "auto"));
	entry.className = isMine ? "message mine" : "message";
	append(entry);
}

// The server does not know where the reader is.
for (const time of messages.querySelectorAll("time"))
	time.replaceWith(clock(new Date(time.dateTime)));
toEnd();
messages.addEventListener("scroll", () => {
	if (isNearEnd())
		latest.hidden = true;
});
latest.addEventListener("click", toEnd);

// --- the name ---------------------------------------------------------------------

// Storage may be forbidden; then the name lasts as long as the page.
function remembered() {
	try {
		return sessionStorage.getItem(NAME_KEY) ?? "";
	} catch {
		return "";
	}
}

function remember(name) {
	try {
		sessionStorage.setItem(NAME_KEY, name);
	} catch {
		// nothing to do
	}
}

/** The name that was given, or "". Each tab has its own. */
export let name = remembered();

function askName(field, onAnswer) {
	const form = byId("name-form");
	const input = byId("name");
	const rename = byId("rename");

	function show(isAsking) {
		form.hidden = !isAsking;
		rename.hidden = isAsking;
		byId("who").textContent = name || ANONYMOUS;
		input.value = name;
		(isAsking ? input : field).focus();
	}

	rename.addEventListener("click", () => {
		show(true);
		input.select();
	});
	input.addEventListener("input", () => {
		const bytes = new TextEncoder().encode(input.value.trim()).length;

		input.setCustomValidity(bytes > MAX_NAME_BYTES ? "This name is too long." : "");
	});
	input.addEventListener("keydown", (event) => {
		if (event.key === "Escape")
			show(false);
	});
	form.addEventListener("submit", (event) => {
		const given = input.value.trim();
		const isNew = given !== "" && given !== name;

		event.preventDefault();
		name = given || name;
		remember(name);
		show(false);
		if (isNew)
			onAnswer();
	});
	show(name === "");
}

// --- the connection ----------------------------------------------------------------

function showOnline(count) {
	const online = byId("online");

	online.hidden = count === null;
	online.textContent = count === null ? "" : `Online: ${count}`;
}

function receive(data, hear, forPeople) {
	let message;

	try {
		message = JSON.parse(data);
	} catch {
		return; // whoever else may speak on this path
	}
	if (message === null || typeof message !== "object")
		return;
	if (message.type === "system" || message.type === "error")
		note(message.type, forPeople(message.message));
	else
		hear(message);
	if (typeof message.online === "number")
		showOnline(message.online);
}

// --- what waits ---------------------------------------------------------------------

/*
 * What is written while there is no connection waits in frond.js; what was sent while
 * no worker is there waits in the sidecar, and has not come back yet. Here one sees
 * that it does.
 */
let sent = []; // texts that have not come back

function showWaiting(ws) {
	const late = sent.filter((one) => one.since + SHOWN_MS <= performance.now()).length;
	let text = "";

	if (ws.queued > 0)
		text = `${ws.queued} waiting to be sent`;
	else if (late > 0)
		text = `${late} sent, waiting for an answer`;
	byId("waiting").textContent = text;
}

function rememberSent(ws, text) {
	sent.push({ text, since: performance.now(), seen: () => showWaiting(ws) });
	setTimeout(showWaiting, SHOWN_MS, ws);
}

function forgetSent(text) {
	const found = sent.findIndex((one) => one.text === text);

	if (found >= 0)
		sent.splice(found, 1)[0].seen();
}

/**
 * Opens a conversation on a path. The page tells how it is spoken there:
 *
 *     form         id of the form to write in; it has one input
 *     since        where the messages end that the page came with; "" for none
 *     tellName     what to send as one's name
 *     tellText     what to send as a message
 *     greet        what to send, when connected, after the name; none when absent
 *     hear         takes each message that is neither system nor error
 *     forPeople    what of a system's message is for people; all of it when absent
 *     typed        called while one writes; absent when nobody needs to know
 */
export function converse(path, options) {
	const { form: formId, since = "", tellName, tellText, greet, hear, forPeople = (text) => text, typed } = options;
	const form = byId(formId);
	const field = form.querySelector("input");
	const button = form.querySelector("[type=submit]");
	const ws = frond.ws(path, { since });

	showStatus(ws, byId("status"));
	ws.on("open", () => {
		button.disabled = ws.listensOnly;
		if (ws.listensOnly)
			return;
		if (name !== "")
			ws.send(tellName(name));
		if (greet)
			ws.send(greet());
		setTimeout(showWaiting, 0, ws); // what has waited goes out after this
	});
	ws.on("message", (data) => receive(data, hear, forPeople));
	ws.on("gap", () => messages.replaceChildren()); // the last ones come again
	ws.on("close", (code, reason, willReconnect) => {
		showOnline(null);
		sent = []; // nothing comes back on this one; what it took is the server's
		button.disabled = !willReconnect;
	});
	ws.on("error", (error) => {
		if (error.code !== "connection" && error.code !== "timeout") // the status tells of these
			note("error", error.message);
	});

	form.addEventListener("submit", (event) => {
		event.preventDefault();
		if (field.value.trim() === "" || !ws.send(tellText(field.value)))
			return;
		rememberSent(ws, field.value);
		field.value = "";
		field.focus();
		showWaiting(ws);
		toEnd();
	});
	if (typed)
		field.addEventListener("input", () => ws.listensOnly || typed(ws));
	askName(field, () => {
		if (ws.state === "open" && !ws.listensOnly) // else it is told when it is
			ws.send(tellName(name));
	});
}
