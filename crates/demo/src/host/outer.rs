//! A page of another site that frames the app, as Teams, Outlook and SharePoint do (powerapps.md §7): there `window.top` is
//! cross-origin for everything in the app.

use axum::{
    Router,
    extract::RawQuery,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};

/// The outer page's router; its query goes on to the app.
pub(crate) fn router(app: String) -> Router {
    let page = |RawQuery(query): RawQuery| async move {
        let query = query.map(|query| format!("?{}", escape(&query))).unwrap_or_default();
        ([(header::CACHE_CONTROL, "no-store")], Html(page(&format!("{app}/main.aspx{query}"))))
            .into_response()
    };
    Router::new().route("/", get(page))
}

fn page(address: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Outer page</title>
    <style>
      body {{ margin: 0; height: 100vh; display: grid; grid-template-rows: auto 1fr; font: 14px system-ui, sans-serif }}
      p {{ margin: 0; padding: 6px 16px; color: #fff; background: #464775 }}
      iframe {{ border: 0; width: 100%; height: 100% }}
    </style>
  </head>
  <body>
    <p>A page of another site, as Teams is one, with the app in a frame</p>
    <iframe id="app" title="The app" src="{address}"></iframe>
  </body>
</html>
"#
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
