//! The pages a person sees: plain HTML without script, labelled and reachable by keyboard.
//!
//! Every text that comes from a request or the estate is escaped. The ids `username`, `sign-in`, `approve`, `accept` and
//! `cancel` are what browser tests press; they stay.

use crate::{
    consent::Consent,
    directory::{Directory, Person, Tenant},
    errors::{Ids, Refusal},
};
use std::fmt::Write;

/// What all pages of a sign-in have in common.
pub(crate) struct Frame<'a> {
    /// Where the form is posted to, a path.
    pub(crate) post: &'a str,
    /// The sealed flow.
    pub(crate) flow: &'a str,
    /// The application's display name.
    pub(crate) app: &'a str,
}

/// Asks for a user name; offers the tenant's people, since nobody here has a password.
pub(crate) fn sign_in(
    frame: &Frame<'_>,
    hint: Option<&str>,
    problem: Option<&str>,
    people: &[&Person],
) -> String {
    let problem = problem.map_or_else(String::new, |problem| {
        format!(r#"<p class="problem" role="alert">{}</p>"#, escape(problem))
    });
    let mut offered = String::new();
    for person in people {
        let _ = write!(
            offered,
            r#"<li><button name="known" value="{username}">{name}<small>{username}</small></button></li>"#,
            username = escape(&person.username),
            name = escape(&person.name),
        );
    }
    let fields = format!(
        r#"{problem}<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" spellcheck="false" autofocus value="{}">
<p class="actions"><button class="quiet" id="cancel" name="action" value="cancel">Cancel</button><button class="main" id="sign-in" name="action" value="sign_in">Sign in</button></p>
<h2>Or pick one</h2><ul>{offered}</ul>"#,
        escape(hint.unwrap_or_default())
    );
    // The first submit button of a form is the one that Enter presses; it must not be Cancel.
    let fields = format!(
        r#"<button class="hidden" name="action" value="sign_in" tabindex="-1" aria-hidden="true"></button>{fields}"#
    );
    form(frame, "Sign in", &format!("to continue to {}", escape(frame.app)), &fields)
}

/// Asks which of the signed-in accounts to use. Each is a session id and a person.
pub(crate) fn pick_account(frame: &Frame<'_>, accounts: &[(&str, &Person)]) -> String {
    let mut listed = String::new();
    for (session, person) in accounts {
        let _ = write!(
            listed,
            r#"<li><button name="session" value="{session}" data-username="{username}">{name}<small>{username}, signed in</small></button></li>"#,
            session = escape(session),
            username = escape(&person.username),
            name = escape(&person.name),
        );
    }
    let fields = format!(
        r#"<ul>{listed}<li><button id="another" name="action" value="another">Use another account</button></li></ul>
<p class="actions"><button class="quiet" id="cancel" name="action" value="cancel">Cancel</button></p>"#
    );
    form(frame, "Pick an account", &format!("to continue to {}", escape(frame.app)), &fields)
}

/// Asks for a second factor: one press stands for a telephone.
pub(crate) fn second_factor(frame: &Frame<'_>) -> String {
    let fields = r#"<p>Your organization needs more proof that it is you. Here, pressing Approve stands for your telephone.</p>
<p class="actions"><button class="quiet" id="cancel" name="action" value="cancel">Cancel</button><button class="main" id="approve" name="action" value="second_factor" autofocus>Approve</button></p>"#;
    form(frame, "Approve sign in", &format!("to continue to {}", escape(frame.app)), fields)
}

/// Asks for consent.
pub(crate) fn consent(
    frame: &Frame<'_>,
    consent: &Consent,
    directory: &Directory,
    for_everybody: bool,
) -> String {
    let mut lines = String::new();
    for line in &consent.lines {
        let name = |id: &str| directory.app(id).map_or(id.to_owned(), |app| app.display_name.clone());
        let _ = write!(
            lines,
            "<li><strong>{}</strong> may use <strong>{}</strong> as you: <code>{}</code></li>",
            escape(&name(&line.client)),
            escape(&name(&line.resource)),
            escape(&line.scopes.join(" ")),
        );
    }
    if lines.is_empty() {
        lines.push_str("<li>Sign you in and read your profile</li>");
    }
    let everybody = if for_everybody {
        r#"<p><label><input type="checkbox" id="everybody" name="everybody" value="1"> Consent on behalf of your organization</label></p>"#
    } else {
        ""
    };
    let fields = format!(
        r#"<ul class="plain">{lines}</ul>{everybody}
<p class="actions"><button class="quiet" id="cancel" name="action" value="decline">Cancel</button><button class="main" id="accept" name="action" value="accept" autofocus>Accept</button></p>"#
    );
    form(frame, "Permissions requested", &escape(frame.app), &fields)
}

/// Asks an administrator to consent for a whole tenant.
pub(crate) fn admin_consent(
    frame: &Frame<'_>,
    tenant: &Tenant,
    consented: &Consent,
    directory: &Directory,
) -> String {
    let page = consent(frame, consented, directory, false);
    let told = format!("for everybody in {}", escape(&tenant.domain));
    page.replacen("Permissions requested</h1>", &format!("Permissions requested</h1><p>{told}</p>"), 1)
}

/// Shows an error that must not be redirected.
pub(crate) fn problem(refusal: &Refusal, ids: &Ids) -> String {
    document(
        "Sorry, but we are having trouble signing you in",
        &format!(
            r#"<h1>Sorry, but we are having trouble signing you in</h1><p class="problem" role="alert" id="problem">{}</p>"#,
            escape(&refusal.description(ids))
        ),
    )
}

/// Says that something is done.
pub(crate) fn done(text: &str) -> String {
    document("Done", &format!(r#"<h1 id="done">{}</h1><p>You can close this window.</p>"#, escape(text)))
}

/// Posts an answer to the application (`response_mode=form_post`).
pub(crate) fn form_post(redirect_uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut fields = String::new();
    for (name, value) in pairs {
        let _ = write!(fields, r#"<input type="hidden" name="{}" value="{}">"#, escape(name), escape(value));
    }
    document(
        "Working",
        &format!(
            r#"<form method="post" action="{}">{fields}<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>"#,
            escape(redirect_uri)
        ),
    )
}

fn form(frame: &Frame<'_>, title: &str, subtitle: &str, fields: &str) -> String {
    let body = format!(
        r#"<form method="post" action="{}"><input type="hidden" name="flow" value="{}"><h1>{title}</h1><p>{subtitle}</p>{fields}</form>"#,
        escape(frame.post),
        escape(frame.flow),
    );
    document(title, &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>{STYLE}</style></head>
<body><main>{body}</main><footer>entra-dev: a stand-in for Microsoft Entra ID on this machine</footer></body></html>"#
    )
}

const STYLE: &str = "
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;
font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#eef2f6}
main{background:#fff;width:min(27rem,92vw);padding:2rem;border-radius:6px;box-shadow:0 2px 12px #0002}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:.9rem;font-weight:600;color:#555;margin:1.5rem 0 .5rem}p{margin:.25rem 0 1rem}
label{display:block;font-weight:600;margin-bottom:.25rem}input[type=text]{width:100%;padding:.6rem;font:inherit;border:1px solid #767676;border-radius:4px}
input[type=checkbox]{margin-right:.5rem}label:has(input){font-weight:400}.actions{display:flex;justify-content:flex-end;gap:.75rem;margin:1.25rem 0 0}
button{font:inherit;cursor:pointer;border-radius:4px;padding:.5rem 1.25rem;border:1px solid #767676;background:#fff;color:inherit}
button.main{background:#0b5cad;border-color:#0b5cad;color:#fff}button:focus-visible,input:focus-visible{outline:3px solid #f2a900;outline-offset:1px}
ul{list-style:none;margin:0;padding:0}ul button{width:100%;text-align:left;margin-bottom:.5rem}ul.plain{list-style:disc;padding-left:1.25rem}
small{display:block;color:#555}.problem{color:#a4001d;overflow-wrap:anywhere}.hidden{position:absolute;left:-100vw}
footer{margin-top:1rem;font-size:.8rem;color:#555}";

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_cannot_break_out_of_the_page() {
        let frame = Frame { post: "/t/login", flow: "f", app: "<b>" };
        let page = sign_in(&frame, Some(r#""><script>alert(1)</script>"#), None, &[]);
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
    }
}
