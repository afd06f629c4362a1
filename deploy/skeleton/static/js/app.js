"use strict";

const said = document.querySelector("#said");
const status = document.querySelector("#status");

function show(text) {
	const item = document.createElement("li");
	item.textContent = text; // never innerHTML: others wrote it
	said.prepend(item);
}

const socket = frond.ws(said.dataset.path);

socket.on("message", data => {
	const news = JSON.parse(data);
	if ("online" in news)
		status.textContent = `${news.online} online`;
	else
		show(news.text);
});
socket.on("close", () => {
	status.textContent = "Connection lost, trying again";
});

// Without this the form works as well, and loads the page anew.
document.querySelector("form").addEventListener("submit", async event => {
	const form = event.target;
	event.preventDefault();
	const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
	if (answer.type === "opaqueredirect")
		form.reset();
	else
		status.textContent = "It was not sent";
});
