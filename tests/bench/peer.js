// Fan-out with Node's ws, as its documentation shows it, and an echo on /echo. Prints "port N".
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });

server.on("listening", () => console.log("port " + server.address().port));
server.on("connection", (client, request) => {
	if (request.url === "/echo") {
		client.on("message", (data, binary) => client.send(data, { binary }));
		return;
	}
	client.on("message", (data, binary) => {
		for (const each of server.clients)
			each.send(data, { binary });
	});
});
