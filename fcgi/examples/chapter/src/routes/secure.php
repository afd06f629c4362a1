<?php
use Tina4\Router;

Router::websocket("/ws/secure", function ($connection, $event, $data) {
    if ($event === "open") {
        // Reject unauthenticated connections
        $token = $connection->params["token"] ?? "";
        if (!Auth::validToken($token)) {
            $connection->send(json_encode([
                "type" => "error",
                "message" => "Invalid token"
            ]));
            $connection->close();
            return;
        }
    }
});
