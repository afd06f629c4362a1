/*
 * frond - a WebSocket that comes back. Types of /js/frond.js.
 *
 * As a script it sets the global `frond`; this file declares it. A module has it
 * by import frond from "./frond.mjs".
 */
export = frond;
export as namespace frond;

declare namespace frond {
	/**
	 * Opens a WebSocket and keeps it open: it comes back after every loss, until
	 * close() or until the server closes with a fatal code.
	 *
	 * The path is relative to the page ("/ws/chat", "ws/chat", "?x=1") or
	 * absolute (ws:, wss:, http:, https:). A function is asked before every
	 * attempt, for tokens that expire; it may return a promise, which has
	 * connectTimeout. One that fails is an "error", and asked again later.
	 *
	 * Throws for an address or an option that cannot be right.
	 */
	function ws(path: Path, options: Options & { json: true }): Connection<any>;
	function ws(path: Path, options: Options & { binaryType: "blob" }): Connection<string | Blob>;
	/** Text comes as a string: without binary messages, Connection<string> is right too. */
	function ws<Data = any>(path: Path, options?: Options): Connection<Data>;

	type Path = string | URL | (() => string | URL | PromiseLike<string | URL>);

	/** connecting: a socket is being opened; waiting: for the next attempt; closed: for good. */
	type State = "connecting" | "open" | "waiting" | "closed";

	interface Options {
		/** Come back after a loss. Default: true. */
		reconnect?: boolean;
		/**
		 * The longest first wait, in ms; it doubles with each attempt. The wait itself is random below that.
		 * Default: 1000.
		 */
		reconnectInterval?: number;
		/** The longest wait, in ms. Default: 30000. */
		maxReconnectInterval?: number;
		/**
		 * Attempts in a row that may fail. A connection that lasted 5 s starts the count again.
		 * Default: Infinity.
		 */
		maxReconnectAttempts?: number;
		/** Another spelling of reconnectInterval. */
		reconnectDelay?: number;
		/** Another spelling of maxReconnectInterval. */
		maxReconnectDelay?: number;
		/** How long a socket may take to open, in ms; 0: as long as the browser allows. Default: 20000. */
		connectTimeout?: number;
		/**
		 * Offer the subprotocol frond.1, for heartbeats and for what was missed. Not for servers that do not know it:
		 * browsers then refuse. Default: true.
		 */
		heartbeat?: boolean;
		/**
		 * Silence in ms after which a frond.1 connection counts as dead, until its server's interval is
		 * known: then 2.5 times that. 0: never. Doubled each time it was reached without a single heartbeat.
		 * Default: 75000.
		 */
		heartbeatTimeout?: number;
		/** Messages that may wait while there is no connection. Default: 1000. */
		maxBuffer?: number;
		/** Their bytes together. Default: 4 MiB. */
		maxBufferBytes?: number;
		/** Close codes, or [from, to], after which it does not come back. Default: [1008]. */
		fatalCodes?: ReadonlyArray<number | readonly [from: number, to: number]>;
		/** Subprotocols to offer after frond.1. Default: none. */
		protocols?: string | readonly string[];
		/**
		 * Where the page begins: a position that the server told when it rendered the page. What was said
		 * since then comes first. "" or nothing: from now on. Default: "".
		 */
		since?: string;
		/** What binary messages arrive as. Default: "arraybuffer". */
		binaryType?: "arraybuffer" | "blob";
		/** Parse text messages. One that is not JSON becomes an error event. Default: false. */
		json?: boolean;
		/**
		 * Where WebSockets do not open, twice in a row, listen to an event stream of the same path.
		 * Default: true.
		 */
		fallback?: boolean;
		/** The class to use, for tests and for Node. Default: the global WebSocket. */
		WebSocket?: new (url: string, protocols?: string[]) => any;
		/** The same for event streams. Default: the global EventSource, if there is one. */
		EventSource?: new (url: string, init: { withCredentials: boolean }) => any;
	}

	interface Events<Data> {
		/** Connected, the first time or again. What is sent here goes out before what has waited. */
		open: () => void;
		/** A text as it was sent (parsed with the option json), or binary data. */
		message: (data: Data) => void;
		/** A connection, or an attempt, has ended. When willReconnect is false, it was the last one. */
		close: (code: number, reason: string, willReconnect: boolean) => void;
		error: (error: Problem) => void;
		/** An attempt begins; the first one after a loss is 1. */
		reconnect: (attempt: number) => void;
		/** maxReconnectAttempts have failed. */
		reconnect_failed: () => void;
		/**
		 * Messages are gone for good that were for this page, or may be: it was away for longer than the
		 * server keeps them, or the server could not get them from another host. Ask for the present state.
		 * With frond.1 only.
		 */
		gap: () => void;
		/**
		 * After it was away, or came with `since`: the page has everything that it missed. So many messages
		 * have just come. With frond.1, of a route that keeps messages.
		 */
		resumed: (messages: number) => void;
		/**
		 * Who is here has changed: all of them, and what is different, each person once. What happens while the
		 * page is away and is as before when it is back is no change. Of too many, only the number is known:
		 * members is null. With frond.1, where handlers present connections.
		 */
		presence: (members: Member[] | null, change: Change, connections: number) => void;
	}

	/** A person: all connections of a user, or one that has none. data is what the latest one presented. */
	interface Member {
		user?: string;
		ids: string[];
		data: any;
	}

	interface Change {
		joined: Member[];
		left: Member[];
		/** Their data, or the connections that they are. */
		changed: Member[];
	}

	type Problem =
		/** The browser could not connect, or lost the connection; event is the browser's own. */
		| (Error & { code: "connection"; event?: Event; cause?: unknown })
		/** The server fell silent, or did not answer in time. */
		| (Error & { code: "timeout" })
		/** This message was not sent: too many wait (maxBuffer, maxBufferBytes). */
		| (Error & { code: "buffer-full" })
		/** This message was not sent: WebSockets are blocked, and an event stream only listens. */
		| (Error & { code: "listening" })
		/** This message was not sent: closed for good. */
		| (Error & { code: "closed" })
		/** Closed for good while these messages waited. */
		| (Error & { code: "unsent"; unsent: Array<string | ArrayBuffer | Blob> })
		/** With the option json: data is not. */
		| (Error & { code: "not-json"; data: string });

	interface RequestOptions {
		/** How long to wait for the answer, in ms. Default: 30000. */
		timeout?: number;
		/** When it is asked again after a loss, it is not handled again. Default: false: it may be. */
		once?: boolean;
	}

	/** Why a request has no answer. */
	type RequestProblem = Error & {
		code:
			/** The handler has failed. */
			| "failed"
			/** Workers have died over it. */
			| "given-up"
			/** No handler is there for messages on this path. */
			| "no-handler"
			/** With `once`: it was asked before the connection was lost, and nobody knows whether it was handled. */
			| "unknown"
			/** With `once`: the server cannot remember it. It was not handled. */
			| "busy"
			/** No answer in time. It may still be handled. */
			| "timeout"
			/** Closed for good. If it had been sent, it may have been handled. */
			| "closed"
			/** Not sent: too many wait for their answers (maxBuffer, maxBufferBytes). */
			| "buffer-full"
			/** Not sent: an event stream only listens. */
			| "listening"
			/** Not sent: the server does not speak frond.1. */
			| "unsupported"
			/** With the option json: the answer is not. */
			| "not-json";
	};

	interface Connection<Data> {
		/** Returns a function that removes the listener. */
		on<Name extends keyof Events<Data>>(event: Name, listener: Events<Data>[Name]): () => void;
		/** As on(), for one event. */
		once<Name extends keyof Events<Data>>(event: Name, listener: Events<Data>[Name]): () => void;
		off<Name extends keyof Events<Data>>(event: Name, listener: Events<Data>[Name]): void;
		/**
		 * Sends strings and binary data as they are, anything else as JSON. Without a connection the message
		 * waits. Returns false, with an error event, when it can neither be sent nor wait.
		 */
		send(data: string | ArrayBuffer | ArrayBufferView | Blob | object | number | boolean | null): boolean;
		/**
		 * Sends as send() does, and is given what the handler replies to it: undefined when it has no reply. All
		 * that the handler has done has taken effect then. Without a connection it waits; when one is lost before
		 * the answer has come, it is asked again on the next. Rejected with a RequestProblem, or with a TypeError for what
		 * can never be right.
		 */
		request<Answer = any>(
			data: string | ArrayBuffer | ArrayBufferView | Blob | object | number | boolean | null,
			options?: RequestOptions,
		): Promise<Answer>;
		/** Closes for good. A code other than 1000 and 3000 to 4999 throws. Default: 1000. */
		close(code?: number, reason?: string): void;
		readonly state: State;
		/** True while it is open as an event stream, on which nothing can be sent: send() returns false. */
		readonly listensOnly: boolean;
		/** The subprotocol the server chose, "" when none. An event stream is called "frond.1". */
		readonly protocol: string;
		/** Milliseconds until the next attempt, for pages that count down; null unless waiting. */
		readonly retryInMs: number | null;
		/** Where the page is, of a route that keeps messages, for the option `since` of another one; else "". */
		readonly position: string;
		/** Who is here, as the last "presence" told; null when only their number is known. */
		readonly members: Member[] | null;
		/** The page's own connection, as members have it; "" until its handler has presented it. */
		readonly id: string;
		/** Messages that wait for a connection. */
		readonly queued: number;
		/** Bytes that wait, here and in the browser. */
		readonly bufferedAmount: number;
	}
}
