<?php
use Tina4\Router;

Router::websocket("/ws/exclude-sender", function ($connection, $event, $data) {
    if ($event === "message") {
        $message = json_decode($data, true);

        // Send to sender (confirmation)
        $connection->send(json_encode([
            "type" => "sent",
            "text" => $message["text"]
        ]));

        // Send to everyone else
        $connection->broadcast(json_encode([
            "type" => "message",
            "from" => $message["username"] ?? "Anonymous",
            "text" => $message["text"],
            "timestamp" => date("c")
        ]), true); // true = exclude sender
    }
});
