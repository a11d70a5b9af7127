// A form library of the table Account: it tells what the company registry knows, an API that only a user's own token opens.
//
// In the form, add two libraries, talxis_tokenmanagement.js first and this one second, and Contoso.Account.onLoad as a handler of On
// Load, with "Pass execution context as first parameter". A quick create form needs the same: it has libraries of its own.

var Contoso = Contoso || {};
Contoso.Account = (() => {
  const CLIENT = "addressPicker"; // Your app registration, by its alias in the broker's configuration, or its application id.
  const SCOPES = ["api://a0000000-0000-4000-8000-000000000002/API.AccessAsUser.All"]; // Of one API.
  const REGISTRY = "https://feed.example.com/feed";
  const NOTIFICATION = "contoso-registry";

  let load = new AbortController(); // Ends what an earlier load of the form in this frame is still about.

  // Returns at once: no form waits for a sign-in, or for an API.
  function onLoad(executionContext) {
    const form = executionContext.getFormContext();
    load.abort();
    load = new AbortController();
    const { signal } = load;
    let signInNeeded = false;
    const show = async () => {
      signInNeeded = false;
      const notice = await read(signal);
      if (signal.aborted) return;
      signInNeeded = notice.signInNeeded;
      form.ui.setFormNotification(notice.text, notice.level, NOTIFICATION);
    };
    // The user said no and signs in later, from another control or the status button: then it is worth another try.
    talxisBroker.addEventListener("signedin", () => signInNeeded && show(), { signal });
    show();
  }

  // What to say: a token is asked for whenever one is needed, and kept nowhere.
  async function read(signal) {
    try {
      const { accessToken } = await talxisBroker.getToken({ client: CLIENT, scopes: SCOPES, signal });
      const response = await fetch(REGISTRY, { headers: { Authorization: `Bearer ${accessToken}` }, signal });
      if (!response.ok) throw new Error(`The company registry answered ${response.status}.`);
      const [found] = (await response.json()).value;
      return { level: "INFO", text: `The registry has ${found.company}, ${found.address}.` };
    } catch (error) {
      return { level: "WARNING", text: explain(error), signInNeeded: error.interactionRequired === true };
    }
  }

  // Every message of the broker stands alone; what the user can do here is said by those who know the form.
  function explain(error) {
    if (error.interactionRequired) return "Press Sign-in status at the top and sign in to see what the company registry knows.";
    if (error.consentUrl) return `${error.message} An administrator opens ${error.consentUrl}`;
    return error.message;
  }

  return { onLoad };
})();
