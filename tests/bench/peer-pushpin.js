// What Pushpin asks, by WebSocket-over-HTTP: a client of /all hears a channel, one of /publish
// speaks to it, one of /echo hears itself. The argument is Pushpin's port for publishing.
const http = require("http");

const control = { host: "127.0.0.1", port: Number(process.argv[2]), method: "POST", path: "/publish/",
	agent: new http.Agent({ keepAlive: true, maxSockets: 1 }) }; // one, so that the order stays

function publish(content) {
	const request = http.request(control, (response) => response.resume());
	request.end(JSON.stringify({ items: [{ channel: "all", formats: { "ws-message": { content } } }] }));
}

function event(type, content) {
	return content === undefined ? `${type}\r\n` : `${type} ${Buffer.byteLength(content).toString(16)}\r\n${content}\r\n`;
}

function* events(body) {
	for (let at = 0; at < body.length;) {
		const end = body.indexOf("\r\n", at);
		const [type, size] = body.toString("latin1", at, end).split(" ");
		at = end + 2;
		if (size === undefined) {
			yield [type];
		} else {
			const length = parseInt(size, 16);
			yield [type, body.toString("utf8", at, at + length)];
			at += length + 2;
		}
	}
}

function answer(path, type, content) {
	if (type === "OPEN")
		return event("OPEN") + (path === "/all" ? event("TEXT", 'c:{"type":"subscribe","channel":"all"}') : "");
	if (type === "TEXT" && path === "/publish")
		publish(content);
	if (type === "TEXT" && path === "/echo")
		return event("TEXT", "m:" + content);
	return type === "CLOSE" ? event("CLOSE", content) : "";
}

const server = http.createServer((request, response) => {
	const pieces = [];
	request.on("data", (piece) => pieces.push(piece));
	request.on("end", () => {
		let text = "";
		for (const [type, content] of events(Buffer.concat(pieces)))
			text += answer(request.url, type, content);
		response.writeHead(200, { "Content-Type": "application/websocket-events", "Sec-WebSocket-Extensions": "grip" });
		response.end(text);
	});
});

server.keepAliveTimeout = 600000;
server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port));
