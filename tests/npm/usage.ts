// The package as authors of controls use it, against the types of the libraries that its adapters are for: only looked at by the compiler.

import type { AccessToken, TokenCredential } from "@azure/core-auth";
import { AllowedHostsValidator, type AccessTokenProvider } from "@microsoft/kiota-abstractions";
import { Providers, SimpleProvider, type IProvider } from "@microsoft/mgt-element";
import type { AuthenticationProvider } from "@microsoft/microsoft-graph-client";
import { tokenClient, waitForBroker, type TalxisBroker, type TokenClient } from "@talxis/token-broker";
import { tokenCredential } from "@talxis/token-broker/azure";
import { authenticationProvider } from "@talxis/token-broker/graph";
import { accessTokenProvider } from "@talxis/token-broker/kiota";
import { mgtProvider } from "@talxis/token-broker/mgt";
import { installFakeBroker } from "@talxis/token-broker/testing";

export const client: TokenClient = tokenClient({ client: "filePicker", scopes: ["api://files/Read"] });
export const credential: TokenCredential = tokenCredential(client);
export const token: Promise<AccessToken | null> = credential.getToken("api://files/Read");
export const graph: AuthenticationProvider = authenticationProvider(client);
export const kiota: AccessTokenProvider = accessTokenProvider(client, new AllowedHostsValidator());
export const mgt: IProvider = mgtProvider(client, SimpleProvider);
Providers.globalProvider = mgt;
export const broker: Promise<TalxisBroker> = waitForBroker({ timeoutMs: 1 });
export const answer: Promise<Response> = client.fetch("https://files.example/", { method: "POST", body: "{}" });
export const end: () => void = client.onChange(({ type }) => type === "signedin");
const fake = installFakeBroker({ tokens: { a: "b" }, fail: ({ client }) => (client === "x" ? "network" : undefined), delay: 1 });
export const same: TalxisBroker = fake.broker;
// @ts-expect-error A client is named.
tokenClient({ scopes: [] });
