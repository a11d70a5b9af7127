//! How many code redemptions and on-behalf-of exchanges the stand-in serves in a second of one core, beside `oidc-provider`
//! doing the same on-behalf-of grant, in one run: `cargo run --release -p interop --bin rates`.
//!
//! Each server is a process of its own; what counts is the processor time that it takes for a round (`/proc`, so Linux), not
//! how fast this client is. Rounds of the servers alternate, every request has a client assertion of its own (PS256, signed
//! beforehand), and every answer must be good.

use interop::{Failure, Keys, OidcProvider, Person, Result, Script, StandIn, estate};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fs,
    io::BufRead,
    net::Ipv4Addr,
    process::ExitCode,
    time::{Instant, SystemTime},
};
use tokio::task::JoinSet;

const ROUNDS: usize = 5;
const IN_A_ROUND: usize = 2_000;
const AT_ONCE: usize = 8;
/// What the benches of the STS need of the stand-in (issue 3).
const TARGET: f64 = 1_000.0;
const SCOPE: &str = "https://graph.microsoft.com/User.Read";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// `USER_HZ`, in which Linux tells processor time.
const TICKS: f64 = 100.0;

type Form = Vec<(&'static str, String)>;

#[tokio::main]
async fn main() -> ExitCode {
    let done = if std::env::args().len() > 1 { serve().await } else { measure().await };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("rates: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The stand-in, in a process of its own.
async fn serve() -> Result {
    let at = StandIn::plain(Ipv4Addr::LOCALHOST).await?;
    let page = at.app("page")?;
    let redirect = format!("{}/page/redirect.html", at.pages.origin());
    println!("{}", json!({ "package": "entra-dev", "version": env!("CARGO_PKG_VERSION") }));
    let token = at.token(entra_dev::MintRequest::new("control"))?;
    let authority = at.authority()?;
    let told = Serving {
        authority,
        token,
        app: at.pages.origin().to_owned(),
        redirect,
        page: page.client_id.clone(),
    };
    println!("{}", told.write());
    let (mut person, authorize) = (Person::at(&at)?, told.authorize());
    // Each line asks for codes of one round; the end of the input is the end of this.
    for _ in std::io::stdin().lock().lines() {
        let mut codes = Vec::with_capacity(IN_A_ROUND);
        for _ in 0..IN_A_ROUND {
            codes.push(person.go(&authorize).await?.remove("code"));
        }
        println!("{}", json!(codes));
    }
    Ok(())
}

/// What the process with the stand-in tells about it.
#[derive(Deserialize)]
struct Serving {
    authority: String,
    token: String,
    app: String,
    redirect: String,
    page: String,
}

impl Serving {
    fn write(&self) -> Value {
        json!({ "authority": self.authority, "token": self.token, "app": self.app, "redirect": self.redirect, "page": self.page })
    }

    fn authorize(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", self.page.as_str()),
                ("response_type", "code"),
                ("response_mode", "fragment"),
                ("redirect_uri", &self.redirect),
                ("scope", &format!("openid profile offline_access {SCOPE}")),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        format!("{}/oauth2/v2.0/authorize?{query}", self.authority)
    }
}

async fn measure() -> Result {
    let estate = estate()?;
    let keys = Keys::of(&estate)?;
    let mut own = Script::own("rates", &json!("serve")).await?;
    let serving: Serving = own.next().await?;
    let other = OidcProvider::start(&estate, &keys, &serving.app).await?;
    println!();
    let tenant = estate.tenants.values().next().map(|tenant| tenant.id.clone()).unwrap_or_default();
    let client = estate.controls.get("control").map(|control| control.client_id.clone()).unwrap_or_default();
    let signer = Signer::new(client, &keys)?;
    let http =
        Client::builder().no_proxy().resolve("login.localhost", (Ipv4Addr::LOCALHOST, 0).into()).build();
    let http = http.map_err(|why| Failure::wrong(why.to_string()))?;

    let target = |authority: String, process: Option<u32>, origin: Option<&str>| Target {
        http: http.clone(),
        token_endpoint: format!("{authority}/oauth2/v2.0/token"),
        process,
        origin: origin.map(str::to_owned),
    };
    let ours = target(serving.authority.clone(), own.id(), None);
    let ours_as_page = target(serving.authority.clone(), own.id(), Some(&serving.app));
    let theirs = target(format!("{}/{tenant}", other.origin), other.id(), None);

    let (mut codes, mut own_obo, mut other_obo) = (Rates::default(), Rates::default(), Rates::default());
    for round in 0..=ROUNDS {
        own.tell(&json!({})).await?;
        let redeemed: Vec<String> = own.next().await?;
        let redemptions = redeemed.into_iter().map(|code| redemption(&serving, code)).collect();
        let rounds = [
            (&mut codes, &ours_as_page, redemptions),
            (&mut own_obo, &ours, signer.round(&ours, &serving.token)?),
            (&mut other_obo, &theirs, signer.round(&theirs, &other.token)?),
        ];
        for (rates, target, forms) in rounds {
            let rate = target.round(forms).await?;
            // The first round only warms up.
            if round > 0 {
                rates.0.push(rate);
            }
        }
    }

    println!(
        "median of {ROUNDS} rounds of {IN_A_ROUND}, {AT_ONCE} at once{:>12}{:>24}",
        "per second", "per second of a core"
    );
    for (name, rates) in [
        ("entra-dev: code redemption", &codes),
        ("entra-dev: on behalf of", &own_obo),
        ("oidc-provider: on behalf of", &other_obo),
    ] {
        println!(
            "{name:<41}{:>12.0}{:>24.0}",
            rates.median(|rate| rate.wall),
            rates.median(|rate| rate.core)
        );
    }
    let core = own_obo.median(|rate| rate.core);
    let met = if core >= TARGET { "reached" } else { "missed" };
    println!(
        "entra-dev to oidc-provider, on behalf of, per core: {:.1}",
        core / other_obo.median(|rate| rate.core)
    );
    println!("target of {TARGET:.0} on-behalf-of exchanges per second of a core: {met}");
    Ok(())
}

fn redemption(serving: &Serving, code: String) -> Form {
    vec![
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", serving.page.clone()),
        ("redirect_uri", serving.redirect.clone()),
        ("code", code),
        ("code_verifier", VERIFIER.to_owned()),
        ("scope", format!("openid profile offline_access {SCOPE}")),
    ]
}

/// The control client, which signs its assertions.
struct Signer {
    client: String,
    key: EncodingKey,
    header: Header,
}

impl Signer {
    fn new(client: String, keys: &Keys) -> Result<Self> {
        let key = EncodingKey::from_rsa_pem(keys.private_key("control")?.as_bytes());
        let key = key.map_err(|why| Failure::wrong(format!("The control client's key: {why}.")))?;
        let thumbprint = e2e::thumbprint(&keys.certificate("control")?)?;
        Ok(Self {
            client,
            key,
            header: Header { x5t_s256: Some(thumbprint), ..Header::new(Algorithm::PS256) },
        })
    }

    /// The requests of one round, each with an assertion of its own.
    fn round(&self, target: &Target, token: &str) -> Result<Vec<Form>> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = since.as_secs();
        let request = |number: usize| {
            let claims = json!({
                "aud": target.token_endpoint, "iss": self.client, "sub": self.client, "nbf": now, "iat": now, "exp": now + 300,
                "jti": format!("{}-{number}", since.as_nanos()),
            });
            let assertion = encode(&self.header, &claims, &self.key)
                .map_err(|why| Failure::wrong(format!("An assertion cannot be signed: {why}.")))?;
            Ok(vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
                ("requested_token_use", "on_behalf_of".to_owned()),
                ("client_id", self.client.clone()),
                ("assertion", token.to_owned()),
                ("scope", SCOPE.to_owned()),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                ),
                ("client_assertion", assertion),
            ])
        };
        (0..IN_A_ROUND).map(request).collect()
    }
}

/// A token endpoint under load.
struct Target {
    http: Client,
    token_endpoint: String,
    process: Option<u32>,
    origin: Option<String>,
}

/// Requests in a second, of the wall clock and of the server's processor time.
struct Rate {
    wall: f64,
    core: f64,
}

#[derive(Default)]
struct Rates(Vec<Rate>);

impl Rates {
    fn median(&self, of: impl Fn(&Rate) -> f64) -> f64 {
        let mut values: Vec<f64> = self.0.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    }
}

impl Target {
    async fn round(&self, forms: Vec<Form>) -> Result<Rate> {
        #[allow(clippy::cast_precision_loss)] // Thousands.
        let count = forms.len() as f64;
        let share = forms.len().div_ceil(AT_ONCE);
        let mut clients = JoinSet::new();
        let (started, before) = (Instant::now(), self.processor_time()?);
        let mut forms = forms.into_iter();
        for _ in 0..AT_ONCE {
            let (own, request) =
                (forms.by_ref().take(share).collect::<Vec<_>>(), self.http.post(&self.token_endpoint));
            let request =
                self.origin.iter().fold(request, |request, origin| request.header("origin", origin));
            clients.spawn(async move {
                for form in own {
                    let request = request
                        .try_clone()
                        .ok_or_else(|| Failure::wrong("A request cannot be sent twice."))?;
                    good(request.form(&form)).await?;
                }
                Ok(())
            });
        }
        clients.join_all().await.into_iter().collect::<Result>()?;
        let (wall, core) = (started.elapsed().as_secs_f64(), self.processor_time()? - before);
        Ok(Rate { wall: count / wall, core: count / core })
    }

    /// Seconds of processor time that the server has taken: `utime` and `stime` of proc(5).
    fn processor_time(&self) -> Result<f64> {
        let path = format!("/proc/{}/stat", self.process.unwrap_or_default());
        let stat = fs::read_to_string(&path).map_err(|source| Failure::System { what: path, source })?;
        // The second field is the program's name, which may have spaces in it.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: f64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        Ok(ticks / TICKS)
    }
}

async fn good(request: reqwest::RequestBuilder) -> Result {
    let failed = |why: reqwest::Error| Failure::wrong(format!("A request failed: {why}."));
    let answer = request.send().await.map_err(failed)?;
    let status = answer.status();
    let body = answer.text().await.map_err(failed)?;
    if status == 200 { Ok(()) } else { Err(Failure::wrong(format!("{status}: {body}"))) }
}
