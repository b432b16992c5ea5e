//! Web hooks that get messages.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use tidegate_kernel::{Timestamp, hex};
use utoipa::ToSchema;

use super::super::Platform;
use super::super::answer::{Answer, etag, expected_version};
use super::super::caller::{Caller, Record};
use super::super::input::{Body, Fields, FromFields, Path, Query};
use super::super::list::{List, PAGE_PARAMETERS, Page};
use super::super::problem::Problem;
use super::super::route::{Access, Endpoint, Routes};
use crate::auth::ADMIN;
use crate::hooks::{self, HookChange, Hooked, NewHook, is_pattern};
use crate::secret::Secret;
use crate::store::{Result as StoreResult, in_tx};

/// A web hook.
#[derive(Debug, Serialize, ToSchema)]
struct Hook {
    /// Its name.
    name: String,
    /// The scheme and host that messages are posted to; the rest of the address may be a secret. `null` for a hook of the
    /// configuration.
    target: Option<String>,
    /// Which topics it takes.
    topics: Vec<String>,
    /// `config` or `store`: one of the configuration is changed there.
    origin: &'static str,
    /// Grows with each change.
    version: Option<i64>,
    /// When it was added.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
}

/// A web hook to be added.
#[derive(ToSchema)]
struct CreateHook {
    /// Its name, of a-z, 0-9, `-` and `_`.
    name: String,
    /// Where messages are posted to, by http or https.
    url: String,
    /// Which topics: a topic, whole words and `.*`, or `*`, which it is without.
    #[schema(value_type = Option<Vec<String>>)]
    topics: Vec<String>,
    /// What messages are signed with, of 16 characters or more; one is made and shown once where it is left out.
    #[schema(value_type = Option<String>)]
    secret: Option<Secret>,
    /// The first number of the feed that it gets; the next one where nobody says.
    from: Option<i64>,
}

/// What is to be changed of a web hook.
#[derive(ToSchema)]
struct ChangeHook {
    /// The version that this changes, where `If-Match` does not say it.
    version: Option<i64>,
    /// Where messages are posted to.
    url: Option<String>,
    /// Which topics it takes.
    topics: Option<Vec<String>>,
    /// What messages are signed with.
    #[schema(value_type = Option<String>)]
    secret: Option<Secret>,
}

/// So many patterns a hook has.
const PATTERNS: usize = 50;

impl From<Hooked> for Hook {
    fn from(hooked: Hooked) -> Self {
        let Hooked { name, url, topics, version, created_at } = hooked;
        let origin = if version.is_some() { "store" } else { "config" };
        Self { name, target: url.as_deref().and_then(target), topics, origin, version, created_at }
    }
}

fn target(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    Some(url.origin().ascii_serialization())
}

impl FromFields for CreateHook {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text("name", 1..=64);
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if name.as_ref().is_some_and(|name| !name.bytes().all(fits)) {
            fields.refuse("name", "expected letters a-z, digits, - and _");
            return None;
        }
        let (url, topics) = (address(fields, true), topics(fields));
        let (secret, from) = (secret(fields), fields.optional("from"));
        let topics = topics?.unwrap_or_else(|| vec!["*".to_owned()]);
        Some(Self { name: name?, url: url??, topics, secret: secret?, from: from? })
    }
}

impl FromFields for ChangeHook {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (version, url, topics) = (fields.optional("version"), address(fields, false), topics(fields));
        let secret = secret(fields);
        Some(Self { version: version?, url: url?, topics: topics?, secret: secret? })
    }
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read")]
fn address(fields: &mut Fields, is_needed: bool) -> Option<Option<String>> {
    let url =
        if is_needed { fields.text("url", 1..=2_000).map(Some)? } else { fields.optional_text("url", 1..=2_000)? };
    let is_address = |url: &str| {
        reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if url.as_deref().is_none_or(is_address) {
        return Some(url);
    }
    fields.refuse("url", "expected an address that begins with http:// or https://");
    None
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read")]
fn topics(fields: &mut Fields) -> Option<Option<Vec<String>>> {
    let topics = fields.optional::<Vec<String>>("topics")?;
    let fit = |topics: &Vec<String>| {
        (1..=PATTERNS).contains(&topics.len()) && topics.iter().all(|pattern| is_pattern(pattern))
    };
    if topics.as_ref().is_none_or(fit) {
        return Some(topics);
    }
    fields.refuse("topics", "expected 1 to 50 topics, whole words and .*, or *");
    None
}

#[expect(clippy::option_option, reason = "the outer one says whether it could be read")]
fn secret(fields: &mut Fields) -> Option<Option<Secret>> {
    Some(fields.optional_text("secret", 16..=256)?.map(Secret::new))
}

pub(super) fn routes() -> Routes<Platform> {
    let admin = Access::Needs(ADMIN);
    let list_route = Endpoint::get("/api/v1/platform/hooks", admin).summary("Web hooks, by name");
    let create_route = Endpoint::post("/api/v1/platform/hooks", admin).summary("Adds a web hook");
    let show_route = Endpoint::get("/api/v1/platform/hooks/{name}", admin).summary("One web hook");
    let change_route = Endpoint::patch("/api/v1/platform/hooks/{name}", admin).summary("Changes a web hook");
    let remove_route =
        Endpoint::delete("/api/v1/platform/hooks/{name}", admin).summary("Removes a web hook with what it has not got");
    Routes::new()
        .route(list_route.query(PAGE_PARAMETERS).answers::<List<Hook>>(200), list)
        .route(create_route.takes::<CreateHook>().answers::<Hook>(201), create)
        .route(show_route.answers::<Hook>(200), show)
        .route(change_route.takes::<ChangeHook>().answers::<Hook>(200), change)
        .route(remove_route, remove)
}

async fn list(State(platform): State<Platform>, Query(page): Query<Page>) -> Result<Json<List<Hook>>, Problem> {
    let after: String = page.after()?.unwrap_or_default();
    let (after, rows) = (after.as_str(), page.rows());
    let found: StoreResult<Vec<Hooked>> = platform.db().read(|reader| in_tx(hooks::list(reader, after, rows))).await;
    let hooks = found?.into_iter().map(Hook::from).collect();
    Ok(Json(page.list(hooks, |hook: &Hook| hook.name.clone())))
}

async fn show(
    State(platform): State<Platform>,
    Path(name): Path<String>,
    Query(()): Query<()>,
) -> Result<Response, Problem> {
    let name = name.as_str();
    let found: StoreResult<Option<Hooked>> = platform.db().read(|reader| in_tx(hooks::one(reader, name))).await;
    let hook = Hook::from(found?.ok_or_else(|| missing(name))?);
    let tag = hook.version.map(|version| [(ETAG, etag(version))]);
    Ok((tag, Json(hook)).into_response())
}

async fn create(
    State(platform): State<Platform>,
    caller: Caller,
    Body(body): Body<CreateHook>,
) -> Result<Answer, Problem> {
    let CreateHook { name, url, topics, secret, from } = body;
    let rng = &*platform.db().surroundings().rng;
    let made = secret.is_none().then(|| Secret::new(format!("{}{}", hex(&rng.bytes()), hex(&rng.bytes()))));
    let Some(secret) = secret.or_else(|| made.clone()) else { return Err(Problem::fault(&"a hook has no secret")) };
    let (caller, made, new) = (&caller, &made, &NewHook { name, url, topics, secret, from });
    let done = caller.write(&platform, "platform.hook.create", |tx| {
        in_tx(async move {
            if !tx.add_hook(new).await? {
                return Err(Problem::conflict(format!("there is a hook {:?} already", new.name)));
            }
            let hook = now(tx, &new.name).await?;
            caller.record(tx, of(&new.name, json!({"made": &hook})));
            let answer = Answer::created(format!("/api/v1/platform/hooks/{}", new.name), &hook).with_version(1);
            Ok(match made {
                Some(secret) => answer.with_secret("secret", secret.clone()),
                None => answer,
            })
        })
    });
    done.await
}

async fn change(
    State(platform): State<Platform>,
    Path(name): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<ChangeHook>,
) -> Result<Answer, Problem> {
    let version = expected_version(&headers, body.version)?;
    let change = HookChange { url: body.url, topics: body.topics, secret: body.secret };
    let (caller, change, name) = (&caller, &change, name.as_str());
    let done = caller.write(&platform, "platform.hook.change", |tx| {
        in_tx(async move {
            let before = of_store(tx, name).await?;
            if !tx.change_hook(name, version, change).await? {
                let detail = format!("the hook has version {before} by now");
                return Err(Problem::precondition_failed(detail));
            }
            let hook = now(tx, name).await?;
            let change = json!({"now": &hook, "new_url": change.url.is_some(), "new_secret": change.secret.is_some()});
            caller.record(tx, of(name, change));
            Ok(Answer::ok(&hook).with_version(version + 1))
        })
    });
    done.await
}

async fn remove(State(platform): State<Platform>, Path(name): Path<String>, caller: Caller) -> Result<Answer, Problem> {
    let (caller, name) = (&caller, name.as_str());
    let done = caller.write(&platform, "platform.hook.remove", |tx| {
        in_tx(async move {
            of_store(tx, name).await?;
            tx.remove_hook(name).await?;
            caller.record(tx, of(name, json!({"removed": name})));
            Ok(Answer::done())
        })
    });
    done.await
}

/// The version of a hook that can be changed here.
async fn of_store(tx: &mut crate::store::Tx, name: &str) -> Result<i64, Problem> {
    let hook = hooks::one(tx, name).await?.ok_or_else(|| missing(name))?;
    let detail = || format!("the hook {name:?} is one of the configuration: change [hook.{name}] there");
    hook.version.ok_or_else(|| Problem::conflict(detail()))
}

async fn now(tx: &mut crate::store::Tx, name: &str) -> Result<Hook, Problem> {
    Ok(hooks::one(tx, name).await?.ok_or_else(|| missing(name))?.into())
}

fn missing(name: &str) -> Problem {
    Problem::not_found(format!("there is no hook {name:?}"))
}

fn of(name: &str, change: serde_json::Value) -> Record {
    Record { permission: ADMIN, object: format!("hook:{name}"), reason: None, change }
}
