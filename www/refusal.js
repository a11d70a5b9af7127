// What a user is told when a control gets no token: what is wrong, what to do, and a link or a button where one helps.

const TEXTS = {
  app_not_in_tenant: ["Not set up in this organisation yet", "An administrator approves this control once, for everybody."],
  consent_required: ["A permission is missing", "An administrator allows this control to use its data, once, for everybody."],
  blocked_by_policy: ["Blocked by a policy", "Your organisation does not allow this here. Ask your administrator."],
  account_mismatch: ["Another account signed in", "Sign in with the account that you use Power Apps with."],
  user_cancelled: ["You are not signed in", "This control shows its data after you sign in."],
  popup_blocked: ["The sign-in window was blocked", "Allow windows for this site, or use the button."],
  interaction_required: ["You are not signed in", "This control shows its data after you sign in."],
  login_required: ["Your session is over", "Sign in again to go on."],
};

export function explain(error, registration) {
  const [title, advice] = TEXTS[error.code] ?? ["This did not work", error.message];
  return { title, advice, link: consentLink(error, registration), button: signInButton(error) };
}

function consentLink(error, registration) {
  if (!error.consentUrl) return null;
  const link = document.createElement("a");
  link.href = error.consentUrl;
  link.target = "_blank";
  link.rel = "noreferrer";
  link.textContent = "Approve as administrator";
  link.title = registration;
  return link;
}

function signInButton(error) {
  if (!error.interactionRequired) return null;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Sign in";
  button.onclick = () => window.talxisBroker.signIn().catch(() => {}); // The control hears of it by its next call.
  return button;
}
