// home - the start page: a console for each WebSocket route.
import { showStatus } from "./status.js";

const MAX_LINES = 200; // older ones leave the page
const OPTIONS = { fatalCodes: [1000, 1008] }; // whom an example has closed stays out

const { examples } = JSON.parse(document.getElementById("data").textContent);

function log(lines, kind, text) {
	const line = document.createElement("li");

	line.className = kind;
	line.textContent = text;
	lines.append(line);
	while (lines.childElementCount > MAX_LINES)
		lines.firstElementChild.remove();
	lines.scrollTop = lines.scrollHeight;
}

function describe(data) {
	return typeof data === "string" ? data : `${data.byteLength} bytes`;
}

// A button for each sample puts it into the input.
function offerSamples(samples, pane, input) {
	for (const sample of samples) {
		const button = document.createElement("button");

		button.type = "button";
		button.className = "quiet";
		button.textContent = sample;
		button.addEventListener("click", () => {
			input.value = sample;
			input.focus();
		});
		pane.querySelector(".samples").append(button);
	}
}

// Shows one more client of a route, connected to a path.
function addClient(section, samples, path) {
	const pane = document.getElementById("client").content.cloneNode(true).firstElementChild;
	const clients = section.querySelector(".clients");
	const title = `Client ${clients.childElementCount + 1}`;
	const lines = pane.querySelector(".lines");
	const form = pane.querySelector("form");
	const input = pane.querySelector("input");
	const leave = pane.querySelector(".leave");
	const ws = frond.ws(path, OPTIONS);

	pane.querySelector("h4").textContent = title;
	pane.setAttribute("aria-label", title);
	lines.setAttribute("aria-label", `What ${title} sends and gets`);
	offerSamples(samples, pane, input);
	showStatus(ws, pane.querySelector(".status"));

	ws.on("open", () => log(lines, "note", `open ${decodeURI(path).replace(/[?].*/, "")}`));
	ws.on("message", (data) => log(lines, "in", describe(data)));
	ws.on("error", (error) => log(lines, "note", error.message));
	ws.on("close", (code, reason, willReconnect) => {
		log(lines, "note", `close ${code} ${reason}`);
		leave.hidden = !willReconnect;
		for (const control of form.elements)
			control.disabled = !willReconnect;
	});

	leave.addEventListener("click", () => ws.close());
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		if (!ws.send(input.value))
			return;
		log(lines, "out", input.value);
		input.value = "";
	});
	clients.append(pane);
	input.focus();
}

async function ship(form, user) {
	const output = form.querySelector("output");

	try {
		const answer = await fetch(`/api/orders/${form.elements.order.value}/ship`, {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ user_id: user }),
		});

		output.textContent = `${answer.status} ${await answer.text()}`;
	} catch (error) {
		output.textContent = error.message;
	}
}

async function issueToken(input) {
	try {
		const answer = await fetch("/api/token", { method: "POST" });
		const { token, error } = await answer.json();

		input.value = token ?? error;
	} catch (error) {
		input.value = error.message;
	}
}

function onSubmit(form, handle) {
	form?.addEventListener("submit", (event) => {
		event.preventDefault();
		handle(form);
	});
}

for (const { id, path, samples } of examples) {
	const section = document.getElementById(id);
	const connect = section.querySelector(".connect");
	const { param, token } = connect.elements;

	onSubmit(connect, () => {
		const query = token ? `?token=${encodeURIComponent(token.value)}` : "";

		addClient(section, samples, path.replace(/{.*}/, () => encodeURIComponent(param.value)) + query);
		connect.querySelector("[type=submit]").textContent = "Connect another";
	});
	onSubmit(section.querySelector(".ship"), (form) => ship(form, param.value));
	connect.querySelector(".issue")?.addEventListener("click", () => issueToken(token));
}

for (const door of document.querySelectorAll("[data-door]"))
	onSubmit(door, () => location.assign(door.dataset.door + encodeURIComponent(door.elements.room.value)));
