<?php
use Tina4\Router;
use Tina4\Queue;

// WebSocket handler for notifications
Router::websocket("/ws/notifications/{userId}", function ($connection, $event, $data) {
    $userId = $connection->params["userId"];

    if ($event === "open") {
        error_log("[Notifications] User " . $userId . " connected");
        $connection->send(json_encode([
            "type" => "connected",
            "message" => "Listening for notifications"
        ]));
    }

    if ($event === "message") {
        // Client can send acknowledgments or mark notifications as read
        $message = json_decode($data, true);
        if (($message["type"] ?? "") === "mark-read") {
            error_log("[Notifications] User " . $userId . " read notification " . $message["id"]);
        }
    }
});

// HTTP endpoint that triggers a notification
Router::post("/api/orders/{orderId:int}/ship", function ($request, $response) {
    $orderId = $request->params["orderId"];
    $userId = $request->body["user_id"] ?? 0;

    // Update order status in database...

    // Send real-time notification via WebSocket
    // The notification is pushed to all connections on /ws/notifications/{userId}
    Router::pushToWebSocket("/ws/notifications/" . $userId, json_encode([
        "type" => "notification",
        "title" => "Order Shipped",
        "message" => "Your order #" . $orderId . " has been shipped!",
        "action_url" => "/orders/" . $orderId,
        "timestamp" => date("c")
    ]));

    return $response->json(["message" => "Order shipped, user notified"]);
});
