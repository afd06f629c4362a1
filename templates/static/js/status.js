/*
 * status - shows in an element how a connection of frond.js is.
 *
 * The words change with the state, and a screen reader hears them once. The
 * countdown beside them is for the eye only.
 */
const WORDS = {
	connecting: "Connecting...",
	open: "Connected",
	waiting: "Disconnected. Reconnecting",
	closed: "Closed",
};
const TICK_MS = 200;

export function showStatus(ws, element) {
	const words = document.createElement("span");
	const countdown = document.createElement("span");
	let timer = null;

	function count() {
		countdown.textContent = ` in ${Math.ceil(ws.retryInMs / 1000)} s`;
	}

	function show(state, more = "") {
		element.dataset.state = state;
		words.textContent = WORDS[state] + more;
		clearInterval(timer);
		countdown.textContent = "";
		if (state !== "waiting")
			return;
		timer = setInterval(count, TICK_MS);
		count();
	}

	countdown.setAttribute("aria-hidden", "true");
	element.replaceChildren(words, countdown);
	ws.on("open", () => show("open", ws.listensOnly ? ", to listen only" : ""));
	ws.on("reconnect", () => show("connecting"));
	ws.on("close", (code, reason, willReconnect) => {
		if (willReconnect)
			show("waiting");
		else
			show("closed", code === 1000 ? "" : `: ${reason || `code ${code}`}`);
	});
	show(ws.state);
}
