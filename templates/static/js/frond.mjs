// frond.mjs - frond.js for those who import it: browsers, Node, bundlers. Types are in frond.d.mts.
import "./frond.js"; // which sets the global

export default globalThis.frond;
export const { ws } = globalThis.frond;
