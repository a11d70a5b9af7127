// The page that MSAL's documentation asks for: it only hands the response on.
msalRedirectBridge.broadcastResponseToMainFrame();
