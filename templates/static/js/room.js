// room - the page of a chat room.
import { converse, name, say } from "./conversation.js";

const { room } = JSON.parse(document.getElementById("data").textContent);

// The server says when in UTC, and without the day.
function today(time) {
	return new Date(`${new Date().toISOString().slice(0, 10)}T${time}Z`);
}

converse(`/ws/room/${encodeURIComponent(room)}`, {
	form: "form",
	tellName: (given) => ({ type: "set-name", name: given }),
	tellText: (text) => ({ type: "chat", text }),
	// The server welcomes programs as well, and tells them how to say a name. Here is a form for it.
	forPeople: (text) => text.replace(/ Set your name with: \{.*\}$/, ""),
	hear(message) {
		if (message.type === "chat")
			say(message.from, today(message.timestamp), message.text, message.from === name);
	},
});
