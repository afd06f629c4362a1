// Types of frond.mjs, which are those of frond.js.
import frond from "./frond.js";

export default frond;
export import ws = frond.ws;
