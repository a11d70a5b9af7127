// `@talxis/token-broker/mgt`: a token client as provider of the Microsoft Graph Toolkit. Its `SimpleProvider` is handed over, so that the
// control's own copy of the toolkit is the one in use.

const SIGNED_OUT = 1;
const SIGNED_IN = 2;

export function mgtProvider(client, SimpleProvider) {
  const look = () => client.getToken({ interaction: "never" }).then(
    () => provider.setState(SIGNED_IN),
    () => provider.setState(SIGNED_OUT),
  );
  const token = async (scopes) => (await client.getToken(scopes?.length ? { scopes } : {})).accessToken;
  const provider = new SimpleProvider(token, async () => {
    await client.signIn();
    await look();
  });
  client.onChange(look);
  look();
  return provider;
}
