// `@talxis/token-broker`: what a control imports.

export { tokenClient } from "./token-client.js";
export { waitForBroker } from "./wait.js";
