<?php
use Tina4\Router;

$roomUsers = [];

Router::websocket("/ws/room/{roomName}", function ($connection, $event, $data) use (&$roomUsers) {
    $room = $connection->params["roomName"];
    $key = $room . ":" . $connection->id;

    if ($event === "open") {
        $roomUsers[$key] = "Anonymous";

        $connection->send(json_encode([
            "type" => "system",
            "message" => "Welcome to room: " . $room . ". Set your name with: {\"type\": \"set-name\", \"name\": \"YourName\"}",
            "online" => $connection->connectionCount()
        ]));

        $connection->broadcast(json_encode([
            "type" => "system",
            "message" => "A new user joined",
            "online" => $connection->connectionCount()
        ]), true);
    }

    if ($event === "message") {
        $msg = json_decode($data, true);
        $type = $msg["type"] ?? "chat";

        if ($type === "set-name") {
            $oldName = $roomUsers[$key] ?? "Anonymous";
            $newName = $msg["name"] ?? "Anonymous";
            $roomUsers[$key] = $newName;

            $connection->broadcast(json_encode([
                "type" => "system",
                "message" => $oldName . " changed their name to " . $newName
            ]));
        }

        if ($type === "chat") {
            $username = $roomUsers[$key] ?? "Anonymous";

            $connection->broadcast(json_encode([
                "type" => "chat",
                "from" => $username,
                "text" => $msg["text"] ?? "",
                "timestamp" => date("H:i:s")
            ]));
        }
    }

    if ($event === "close") {
        $username = $roomUsers[$key] ?? "Anonymous";
        unset($roomUsers[$key]);

        $connection->broadcast(json_encode([
            "type" => "system",
            "message" => $username . " left the room",
            "online" => $connection->connectionCount()
        ]));
    }
});

Router::get("/room/{roomName}", function ($request, $response) {
    $room = $request->params["roomName"];
    return $response->render("room.html", ["room" => $room]);
});
