// English. A language is one file, named by its code (ISO 639), with the members of this one; `lcid` is what Power Apps calls it.

export const prompt = {
  lcid: 1033,
  title: "Sign in",
  invitation: "Some parts of this page need you to sign in.",
  leaving: "To sign in, you leave this page and come back to it. Save your changes first.",
  oneMore: "One more click, and the sign-in window opens.",
  signIn: "Sign in",
  notNow: "Not now",
  waiting: "Continue in the sign-in window. This page goes on when you are signed in.",
  signOut: "Sign out",
  signingOut: "This signs you out of Microsoft in this browser, here and in other apps.",
  openAgain: "Open again",
  cancel: "Cancel",
};

export const redirect = {
  title: "Signing in",
  working: "One moment, please.",
  done: "You can close this window.",
  offer: "One more window is needed.",
  go: "Continue",
  unknown: "There is no sign-in to finish here. You can close this window.",
  failed: "This sign-in could not be handed over. Close this window and try again.",
};

export const status = {
  title: "Sign-in status",
  working: "One moment, please.",
  signedIn: "Signed in as {0}.",
  signedOut: "Nobody is signed in.",
  signIn: "Sign in",
  signOut: "Sign out",
  missing: "The Token Broker is not there. Reload the page; if that does not help, an administrator checks its solution.",
};

export const ribbon = {
  label: "Sign-in status",
  tooltip: "Who is signed in for the parts of this page that use other services.",
};

// What a maker sees in the solution.
export const solution = {
  variable: "Token Broker: configuration",
  variableDescription: "JSON: which registrations the Token Broker uses and where its Security Token Service is. Without a value it signs nobody in.",
  setting: "Token Broker: in this app",
  settingDescription: "No: the ribbon of this app shows no sign-in status and does not load the Token Broker. Controls that ask for it still get it.",
};
