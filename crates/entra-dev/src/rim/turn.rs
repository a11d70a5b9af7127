//! One round of an authorization request: decide, then show a page or answer the application.

use super::{show, show_problem};
use crate::{
    authorize::{self, AuthorizeRequest, Code, Progress, ResponseMode, Screen, Step},
    claims,
    consent::Consent,
    directory::{Directory, Person},
    errors::{Ids, Refusal, TRY_AGAIN},
    log::{Endpoint, Outcome, Request},
    page::{self, Frame},
    params, scope,
    seal::Purpose,
    session,
    shared::{Mischief, Shared},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A request on its way through pages. Sealed, it is the hidden field of each.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) request: AuthorizeRequest,
    pub(super) progress: Progress,
    /// The browser that it belongs to, once that has a session.
    pub(super) browser: Option<String>,
    pub(super) consent: Option<Consent>,
}

/// One round of deciding a request.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) shared: &'a Shared,
    pub(super) directory: &'a Directory,
    pub(super) request: &'a AuthorizeRequest,
    pub(super) ids: &'a Ids,
    pub(super) browser: Option<&'a str>,
    /// Whether the browser had a session before this round.
    pub(super) had_session: bool,
    pub(super) origin: &'a str,
}

impl Turn<'_> {
    /// Decides, and does what was decided.
    pub(super) fn go(&self, progress: &Progress, interactive: bool) -> Response {
        let sessions = self.shared.browsers().sessions(self.browser);
        match authorize::decide(self.request, self.directory, &sessions, progress, self.ids.now) {
            Step::Show(screen) => self.show(progress, screen),
            Step::Answer(code) => self.finish(interactive, Ok(*code)),
            Step::Refuse(refusal) => self.finish(interactive, Err(refusal)),
        }
    }

    /// Shows a page.
    pub(super) fn show(&self, progress: &Progress, screen: Screen) -> Response {
        let mut progress = progress.clone();
        let mut asked = None;
        match &screen {
            Screen::SecondFactor { session } => progress.session = Some(session.clone()),
            Screen::Consent { session, consent } => {
                progress.session = Some(session.clone());
                asked = Some(consent.clone());
            }
            Screen::SignIn { .. } | Screen::PickAccount => {}
        }
        let flow = Flow {
            request: self.request.clone(),
            progress: progress.clone(),
            browser: self
                .browser
                .filter(|browser| !self.shared.browsers().sessions(Some(browser)).is_empty())
                .map(str::to_owned),
            consent: asked,
        };
        let Ok(flow) = self.shared.seal.close(Purpose::Flow, &flow) else {
            return show_problem(&(&TRY_AGAIN).into(), self.ids);
        };
        let app = self.directory.app(&self.request.client_id).map_or("", |app| &app.display_name);
        let post = format!("/{}/login", self.request.tenant);
        let frame = Frame { post: &post, flow: &flow, app };
        let sessions = self.shared.browsers().sessions(self.browser);
        let html = match screen {
            Screen::SignIn { hint, problem } => {
                let problem = problem.map(|problem| problem.description(self.ids));
                page::sign_in(&frame, hint.as_deref(), problem.as_deref(), &self.people())
            }
            Screen::PickAccount => {
                let account = |one: &'_ session::Session| Some((one.id.clone(), one.person(self.directory)?));
                let accounts: Vec<(String, &Person)> = sessions.iter().filter_map(account).collect();
                let accounts: Vec<(&str, &Person)> =
                    accounts.iter().map(|(id, person)| (id.as_str(), *person)).collect();
                page::pick_account(&frame, &accounts)
            }
            Screen::SecondFactor { .. } => page::second_factor(&frame),
            Screen::Consent { session, consent } => {
                let chosen = sessions.iter().find(|one| one.id == session);
                let admin =
                    chosen.and_then(|one| one.person(self.directory)).is_some_and(|person| person.admin);
                page::consent(&frame, &consent, self.directory, admin)
            }
        };
        show(StatusCode::OK, html, self.shared.settings().coop && !self.request.pocd)
    }

    /// Whom the page offers: the people of the tenant, or of the hinted domain.
    fn people(&self) -> Vec<&Person> {
        let tenant = self.directory.tenant(&self.request.tenant);
        let hinted = self.request.domain_hint.as_deref().filter(|hint| *hint != "organizations");
        let fits = |person: &&Person| {
            tenant.is_none_or(|tenant| person.oid_in(tenant).is_some())
                && hinted.is_none_or(|hint| {
                    person.username.rsplit_once('@').is_some_and(|(_, domain)| domain == hint)
                })
        };
        self.directory.people.iter().filter(fits).collect()
    }

    /// The user gave up: Entra says so without a number.
    pub(super) fn cancel(&self) -> Response {
        self.record(true, Outcome::Cancelled);
        let description = "the user canceled the authentication";
        self.redirect(&[
            ("error", "access_denied"),
            ("error_subcode", "cancel"),
            ("error_description", description),
        ])
    }

    /// Answers the application.
    pub(super) fn finish(&self, interactive: bool, decided: Result<Code, Refusal>) -> Response {
        let mischief = self.shared.mischief();
        let decided = match (mischief, decided) {
            (Some(Mischief::Error(number)), _) => {
                Err(crate::Aadsts::find(number).unwrap_or(&TRY_AGAIN).into())
            }
            (Some(Mischief::ForeignNonce), Ok(code)) => {
                Ok(Code { nonce: Some(Uuid::new_v4().to_string()), ..code })
            }
            (_, decided) => decided,
        };
        let sealed =
            decided.and_then(|code| Ok((self.shared.seal.close(Purpose::Code, &code)?, code.session)));
        match sealed {
            Ok((code, session)) => {
                self.record(interactive, Outcome::Ok);
                let info = claims::client_info(&session);
                let mut pairs = vec![("code", code.as_str()), ("session_state", &session.id)];
                pairs.extend(self.request.client_info.then_some(("client_info", info.as_str())));
                if mischief == Some(Mischief::ForeignState) {
                    let request = AuthorizeRequest {
                        state: Some(foreign(self.request.state.as_deref())),
                        ..self.request.clone()
                    };
                    return Turn { request: &request, ..*self }.redirect(&pairs);
                }
                self.redirect(&pairs)
            }
            Err(refusal) => {
                self.record(interactive, Outcome::Refused(refusal.aadsts.number));
                let description = refusal.description(self.ids);
                let link = format!("{}/error?code={}", self.origin, refusal.aadsts.number);
                let error = refusal.aadsts.redirect_error;
                let mut pairs =
                    vec![("error", error), ("error_description", &description), ("error_uri", &link)];
                pairs.extend(refusal.aadsts.suberror.map(|suberror| ("suberror", suberror)));
                pairs.extend(refusal.claims.as_deref().map(|claims| ("claims", claims)));
                self.redirect(&pairs)
            }
        }
    }

    fn redirect(&self, pairs: &[(&str, &str)]) -> Response {
        let request = self.request;
        let mut pairs = pairs.to_vec();
        pairs.extend(request.state.as_deref().map(|state| ("state", state)));
        let uri = &request.redirect_uri;
        let separator = match request.response_mode {
            ResponseMode::FormPost => return form_post(uri, &pairs),
            ResponseMode::Fragment => '#',
            ResponseMode::Query if uri.contains('?') => '&',
            ResponseMode::Query => '?',
        };
        let location = format!("{uri}{separator}{}", params::write(pairs));
        (StatusCode::FOUND, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())])
            .into_response()
    }

    fn record(&self, interactive: bool, outcome: Outcome) {
        let request = self.request;
        let ask = scope::read(&request.scope, self.directory, None).unwrap_or_default();
        self.shared.record(Request {
            at: self.ids.now,
            endpoint: Endpoint::Authorize { interactive },
            tenant: request.tenant.clone(),
            client_id: request.client_id.clone(),
            scopes: request.scope.split_ascii_whitespace().map(str::to_owned).collect(),
            resource: ask.resources.first().map(|wanted| wanted.app.client_id.clone()),
            outcome,
            had_session: self.had_session,
            signer: None,
            origin: None,
            correlation_id: self.ids.correlation_id.clone(),
        });
    }
}

/// A `state` of the same form, so that it reaches the same waiting broker, which must notice: only the last letters differ.
fn foreign(state: Option<&str>) -> String {
    let state = state.unwrap_or_default();
    let kept = state.len().saturating_sub(8);
    let ending = Uuid::new_v4().simple().to_string();
    format!("{}{}", state.get(..kept).unwrap_or_default(), ending.get(..8).unwrap_or_default())
}

fn form_post(uri: &str, pairs: &[(&str, &str)]) -> Response {
    let mut response = show(StatusCode::OK, page::form_post(uri, pairs), false);
    // This one page needs its one line of script.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
