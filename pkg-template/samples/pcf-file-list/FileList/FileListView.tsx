// What the user sees: the newest files, or what keeps them away and what to do about it.

import type { TalxisBrokerError } from "@talxis/token-broker";
import * as React from "react";
import { backend, newestFiles, type File } from "./graph";

export type Texts = (key: string) => string;

interface Props {
  graph: string;
  texts: Texts;
  chosen: string | null;
  disabled: boolean;
  life: AbortSignal;
  onChoose(url: string): void;
}

type Failure = Partial<TalxisBrokerError> & Error;
type View = { files: File[] } | { failure: Failure } | "loading" | "signed out";

export function FileListView({ graph, texts, chosen, disabled, life, onChoose }: Props) {
  const [view, setView] = React.useState<View>("loading");
  const isLoading = view === "loading";

  React.useEffect(() => {
    if (!isLoading) return;
    // Ends with the control, and with this mount: React may mount twice.
    const ended = new AbortController();
    const signal = AbortSignal.any([life, ended.signal]);
    const show = (next: View) => signal.aborted || setView(next);
    newestFiles(graph, signal).then((files) => show({ files }), (failure: Failure) => show({ failure }));
    return () => ended.abort();
  }, [isLoading, graph, life]);

  React.useEffect(() => {
    // Nobody's files stay on the screen after their owner left, and whoever signs in anywhere on the page helps this control too.
    const end = backend.onChange(({ type }) =>
      setView((now) => (type === "signedout" ? "signed out" : typeof now === "object" && "files" in now ? now : "loading")));
    life.addEventListener("abort", end);
    return () => (life.removeEventListener("abort", end), end());
  }, [life]);

  // Within the click: a browser opens the sign-in window only then. Success comes as `signedin`; after a refusal the button stays.
  // Whoever came back with the wrong account is to choose another.
  const selectAccount = typeof view === "object" && "failure" in view && view.failure.code === "account_mismatch";
  const signIn = () => void backend.signIn({ signal: life, selectAccount }).catch(() => undefined);

  // A group, no landmark: a form may have this control twice.
  return (
    <div className="contoso-file-list" role="group" aria-label={texts("Title")} aria-busy={isLoading}>
      {isLoading && <p role="status">{texts("Loading")}</p>}
      {view === "signed out" && <SignIn texts={texts} onClick={signIn} />}
      {typeof view === "object" && "files" in view && (
        <ul>
          {view.files.map(({ id, name, webUrl }) => (
            <li key={id}>
              <a href={webUrl} target="_blank" rel="noreferrer">{name}</a>
              <button type="button" disabled={disabled} aria-pressed={webUrl === chosen} aria-label={`${texts("Choose")}: ${name}`} onClick={() => onChoose(webUrl)}>
                {texts("Choose")}
              </button>
            </li>
          ))}
          {view.files.length === 0 && <li>{texts("Empty")}</li>}
        </ul>
      )}
      {typeof view === "object" && "failure" in view && (
        <Refusal failure={view.failure} texts={texts} onSignIn={signIn} onRetry={() => setView("loading")} />
      )}
    </div>
  );
}

// Three things can help: the user signs in, an administrator consents, somebody tries again.
function Refusal({ failure, texts, onSignIn, onRetry }: { failure: Failure; texts: Texts; onSignIn(): void; onRetry(): void }) {
  if (failure.interactionRequired) return <SignIn texts={texts} onClick={onSignIn} />;
  if (failure.consentUrl)
    return (
      <p role="alert">
        {texts("NoConsent")} <a href={failure.consentUrl} target="_blank" rel="noreferrer">{texts("Consent")}</a>
      </p>
    );
  return (
    <p role="alert">
      {texts("Failed")} {failure.message} <button type="button" onClick={onRetry}>{texts("Retry")}</button>
    </p>
  );
}

function SignIn({ texts, onClick }: { texts: Texts; onClick(): void }) {
  return (
    <p role="alert">
      {texts("SignedOut")} <button type="button" onClick={onClick}>{texts("SignIn")}</button>
    </p>
  );
}
