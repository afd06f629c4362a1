<?php
use Tina4\Router;

$chatUsers = [];

Router::websocket("/ws/livechat/{room}", function ($connection, $event, $data) use (&$chatUsers) {
    $room = $connection->params["room"];

    if ($event === "open") {
        // User has not set their name yet
        $chatUsers[$connection->id] = [
            "id" => $connection->id,
            "username" => "Anonymous",
            "room" => $room,
            "joined_at" => date("c")
        ];

        $connection->send(json_encode([
            "type" => "welcome",
            "message" => "Connected to room: " . $room,
            "your_id" => $connection->id,
            "online" => $connection->connectionCount()
        ]));
    }

    if ($event === "message") {
        $message = json_decode($data, true);
        $type = $message["type"] ?? "message";

        if ($type === "set-username") {
            $oldName = $chatUsers[$connection->id]["username"];
            $chatUsers[$connection->id]["username"] = $message["username"];

            $connection->broadcast(json_encode([
                "type" => "system",
                "message" => $oldName . " is now known as " . $message["username"]
            ]));
        }

        if ($type === "message") {
            $username = $chatUsers[$connection->id]["username"];

            $connection->broadcast(json_encode([
                "type" => "message",
                "from" => $username,
                "from_id" => $connection->id,
                "text" => $message["text"] ?? "",
                "timestamp" => date("c")
            ]));
        }

        if ($type === "typing") {
            $username = $chatUsers[$connection->id]["username"];

            $connection->broadcast(json_encode([
                "type" => "typing",
                "username" => $username
            ]), true); // Exclude sender
        }
    }

    if ($event === "close") {
        $username = $chatUsers[$connection->id]["username"] ?? "Unknown";
        unset($chatUsers[$connection->id]);

        $connection->broadcast(json_encode([
            "type" => "system",
            "message" => $username . " left the chat",
            "online" => $connection->connectionCount()
        ]));
    }
});
