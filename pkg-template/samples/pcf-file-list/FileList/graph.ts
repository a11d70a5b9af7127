// The one backend of this control: which registration asks for it, for which scopes, and what is asked.

import { tokenClient } from "@talxis/token-broker";

// Costs nothing until it is used, and keeps nothing afterwards.
export const backend = tokenClient({ client: "filePicker", scopes: ["https://graph.microsoft.com/Files.Read"] });

export interface File {
  id: string;
  name: string;
  webUrl: string;
}

const NEWEST = "/v1.0/me/drive/root/children?$select=id,name,webUrl&$orderby=lastModifiedDateTime desc&$top=10";

// `backend.fetch` sends the token wherever it is told to, and a maker sets this address: only Graph's own, and this machine for development.
const ORIGINS = /^https:\/\/graph\.microsoft\.com$|^https?:\/\/[\w-]+\.localhost(:\d+)?$/;

export async function newestFiles(graph: string, signal: AbortSignal): Promise<File[]> {
  if (!ORIGINS.test(new URL(graph).origin)) throw new Error(`${graph} is not Microsoft Graph.`);
  const answer = await backend.fetch(new URL(NEWEST, graph), { signal });
  const body = (await answer.json()) as { value: File[]; error?: { message: string } };
  if (!answer.ok) throw new Error(body.error?.message ?? answer.statusText);
  return body.value;
}
