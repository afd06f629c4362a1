// chat - the page of a live chat.
import { converse, note, say } from "./conversation.js";

const TYPING_SHOWN_MS = 2000;
const TYPING_TOLD_MS = 1000; // not with every key
const MAX_TYPISTS = 3; // to name

const { room, since } = JSON.parse(document.getElementById("data").textContent);
const typists = new Map(); // name -> the timer that removes it
let myId = null;
let toldAt = -Infinity;

function showTypists() {
	const names = [...typists.keys()];
	let text = "";

	if (names.length > MAX_TYPISTS)
		text = "Several people are typing...";
	else if (names.length > 0)
		text = `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing...`;
	document.getElementById("typing").textContent = text;
}

function forgetTypist(name) {
	clearTimeout(typists.get(name));
	typists.delete(name);
	showTypists();
}

function addTypist(name) {
	clearTimeout(typists.get(name));
	typists.set(name, setTimeout(forgetTypist, TYPING_SHOWN_MS, name));
	showTypists();
}

function hear(message) {
	switch (message.type) {
	case "welcome":
		myId = message.your_id;
		note("system", message.message);
		break;
	case "message":
		forgetTypist(message.from);
		say(message.from, new Date(message.timestamp), message.text, message.from_id === myId);
		break;
	case "typing":
		addTypist(message.username);
		break;
	}
}

converse(`/ws/livechat/${encodeURIComponent(room)}`, {
	form: "chat-form",
	since,
	tellName: (name) => ({ type: "set-username", username: name }),
	tellText(text) {
		toldAt = -Infinity; // who goes on writing is told of again
		return { type: "message", text };
	},
	greet: () => ({ type: "count" }),
	hear,
	typed(ws) {
		if (ws.state !== "open" || performance.now() - toldAt < TYPING_TOLD_MS)
			return;
		toldAt = performance.now();
		ws.send({ type: "typing" });
	},
});
