// `Xrm.WebApi`: reads over Dataverse's Web API. A refusal is an object with Dataverse's code as a number, and its message.

import { is } from "/environment.js";

const SETS = { environmentvariabledefinition: "environmentvariabledefinitions", systemuser: "systemusers" };

export function webApi() {
  return {
    retrieveRecord: (entity, id, options = "") => read(`${setOf(entity)}(${id.replace(/[{}]/g, "")})${options}`),
    async retrieveMultipleRecords(entity, options = "") {
      const { value } = await read(setOf(entity) + options);
      return { entities: value };
    },
  };
}

async function read(path) {
  if (is("client-state", "offline")) throw { errorCode: 0x80072321, message: "The client is offline." };
  const response = await fetch(`/api/data/v9.2/${path}`, { headers: { Accept: "application/json", "OData-Version": "4.0" } });
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const { code = "0x0", message = response.statusText } = body.error ?? {};
  throw { errorCode: Number(code), message };
}

function setOf(entity) {
  return SETS[entity] ?? `${entity}s`;
}
