// A control that uses `@talxis/token-broker` and the page's globals, as its author writes it: only the types are looked at.

import { waitForBroker, type TalxisBroker, type TalxisBrokerError } from "../../../dist/npm/index";

export async function tokenForGraph(signal: AbortSignal): Promise<string> {
  const broker: TalxisBroker = await waitForBroker({ timeoutMs: 5_000, signal });
  const { accessToken } = await broker.getToken({ client: "filePicker", scopes: ["https://graph.microsoft.com/User.Read"] });
  return accessToken;
}

export async function theOlderWay(): Promise<string | undefined> {
  const management = window.TALXIS?.Utils?.TokenManagement;
  const token = await management?.getAccessToken(["api://c0000000-0000-4000-8000-000000000001/access_as_user"]);
  return token && management?.getAccessTokenObo(token, ["https://graph.microsoft.com/.default"], true);
}

export const enabled: boolean | undefined = window.TALXIS?.Utils?.TokenBroker?.isEnabled();

export function isOver(error: TalxisBrokerError): boolean {
  return error.code === "timed_out" || window.talxisBroker.diagnostics().tokenManagement === "foreign";
}

// @ts-expect-error: what is no option is an error here, or the types say nothing.
void waitForBroker({ timeout: 1 });
