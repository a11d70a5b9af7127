// The one backend of this control: which registration asks for it, for which scopes, and what is asked.

import { tokenClient } from "@talxis/token-broker";

const registration = { client: "filePicker", scopes: ["https://graph.microsoft.com/Files.Read"] };

// Costs nothing until it is used, and keeps nothing afterwards.
export const backend = tokenClient(registration);

export interface File {
  id: string;
  name: string;
  webUrl: string;
}

const NEWEST = "/v1.0/me/drive/root/children?$select=id,name,webUrl&$orderby=lastModifiedDateTime desc&$top=10";

// A maker sets this address, and the token goes there: to Graph's own only, or to this machine for development.
const ORIGINS = /^https:\/\/graph\.microsoft\.com$|^https?:\/\/[\w-]+\.localhost(:\d+)?$/;

export async function newestFiles(graph: string, signal: AbortSignal): Promise<File[]> {
  const { origin } = new URL(graph);
  if (!ORIGINS.test(origin)) throw new Error(`${graph} is not Microsoft Graph.`);
  const answer = await tokenClient({ ...registration, origin }).fetch(new URL(NEWEST, graph), { signal });
  const body = (await answer.json()) as { value: File[]; error?: { message: string } };
  if (!answer.ok) throw new Error(body.error?.message ?? answer.statusText);
  return body.value;
}
