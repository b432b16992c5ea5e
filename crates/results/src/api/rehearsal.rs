//! `/test/…`: what existing test suites of ResultsDB need of a server that they know nothing else of.
//!
//! They want an empty store with ids from 1, a look at what was told, other permissions, and a store or a bus that is gone.
//! These routes are there only where the configuration says so, and then the service listens on loopback alone.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use serde_json::{Map, Value, json};
use tidegate_platform::fault::Fault;
use tidegate_platform::http::{
    Access, Endpoint, FromParams, Params, Problem, ProblemItem, Query, Raw, Routes, forget_answers,
};
use tidegate_platform::outbox::rehearsal;
use tidegate_platform::store::{Db, in_tx};

use super::{Gate, Shared};
use crate::permission::Permission;
use crate::store;

/// What test suites switch.
pub struct Rehearsal {
    /// The store, whatever fault the gate has with it.
    db: Db,
    identity: String,
    store: Fault,
    bus: Fault,
    permissions: Mutex<Option<Vec<Permission>>>,
    /// What was told up to here is forgotten.
    forgotten: AtomicI64,
}

type Done = Result<Json<Value>, Problem>;

impl Rehearsal {
    pub(super) fn new(db: Db, identity: &str, bus: Fault) -> Self {
        let (permissions, forgotten) = (Mutex::default(), AtomicI64::new(0));
        Self { db, identity: identity.to_owned(), store: Fault::default(), bus, permissions, forgotten }
    }

    /// The store as the gate sees it.
    pub(super) fn faulty_store(&self) -> Db {
        self.db.with_fault(self.store.clone())
    }

    /// Who sends a result to the third interface without a token.
    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// The permissions that a suite has put in the place of the configured ones.
    pub(super) fn permissions(&self) -> Option<Vec<Permission>> {
        self.permissions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace_permissions(&self, permissions: Option<Vec<Permission>>) {
        *self.permissions.lock().unwrap_or_else(PoisonError::into_inner) = permissions;
    }

    async fn forget_messages(&self) -> Result<(), Problem> {
        let last = self.db.read(|reader| in_tx(rehearsal::written_by_now(reader))).await?;
        self.forgotten.store(last, Ordering::SeqCst);
        Ok(())
    }
}

pub(super) fn routes() -> Routes<Arc<Gate>> {
    let open = |method, path| Endpoint::new(method, path, Access::Open);
    Routes::new()
        .route(open(Method::POST, "/test/reset"), reset)
        .route(open(Method::GET, "/test/messages"), messages)
        .route(open(Method::POST, "/test/messages/clear"), clear)
        .route(open(Method::POST, "/test/config"), configure)
        .route(open(Method::PUT, "/test/config"), configure)
        .route(open(Method::POST, "/test/fault"), break_down)
        .route(open(Method::PUT, "/test/fault"), break_down)
}

fn of(gate: &Gate) -> Result<&Rehearsal, Problem> {
    gate.rehearsal.as_ref().ok_or_else(|| Problem::fault(&"a route of tests in a service that has none"))
}

fn done() -> Done {
    Ok(Json(json!({})))
}

/// Everything as at the beginning.
async fn reset(State(gate): Shared) -> Done {
    let own = of(&gate)?;
    let written = own.db.write("results.reset", |tx| {
        in_tx(async move {
            if !store::may_be_emptied(tx).await? {
                let why = "this store was not made with test.hooks = true, so it may hold what somebody needs";
                return Err(Problem::new(409, "results.not-for-tests", why));
            }
            store::empty(tx).await?;
            rehearsal::erase(tx, "results").await?;
            Ok(forget_answers(tx).await?)
        })
    });
    written.await?;
    own.replace_permissions(None);
    own.store.set(false);
    own.bus.set(false);
    own.forget_messages().await?;
    done()
}

struct OfTopic(String);

impl FromParams for OfTopic {
    fn read(params: &mut Params) -> Option<Self> {
        let topic = params.optional::<String>("topic")?;
        Some(Self(topic.unwrap_or_else(|| "resultsdb.result.new".to_owned())))
    }
}

/// What was told, sent or not.
async fn messages(State(gate): Shared, Query(OfTopic(topic)): Query<OfTopic>) -> Done {
    let (own, topic) = (of(&gate)?, &topic);
    let after = own.forgotten.load(Ordering::SeqCst);
    let bodies = own.db.read(|reader| in_tx(async move { rehearsal::written(reader, after, topic).await })).await?;
    Ok(Json(bodies.into()))
}

async fn clear(State(gate): Shared) -> Done {
    of(&gate)?.forget_messages().await?;
    done()
}

/// The fields of a body, of which no other may be there.
fn fields(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, Problem> {
    let value = serde_json::from_slice(body).map_err(|error| Problem::bad_value("/body", error.to_string()))?;
    let Value::Object(fields) = value else { return Err(Problem::bad_value("/body", "expected an object")) };
    let foreign = fields.keys().filter(|key| !known.contains(&key.as_str()));
    let detail = format!("expected {}", known.join(", "));
    let refuse = |key: &String| ProblemItem::new(format!("/body/{key}"), "platform.unknown-parameter", detail.clone());
    let refused: Vec<_> = foreign.map(refuse).collect();
    if refused.is_empty() { Ok(fields) } else { Err(Problem::of_items(refused)) }
}

/// Puts permissions in the place of the configured ones. What only the interface of WaiverDB reads is checked.
async fn configure(State(gate): Shared, Raw(body): Raw) -> Done {
    let fields = fields(&body, &["PERMISSIONS", "PERMISSION_MAPPING", "SUPERUSERS"])?;
    let wrong = |key: &str, expected: &str| Problem::bad_value(format!("/body/{key}"), format!("expected {expected}"));
    for (key, value) in &fields {
        match (key.as_str(), value) {
            ("PERMISSIONS", Value::Array(entries)) if entries.iter().all(Value::is_object) => {}
            ("PERMISSION_MAPPING", Value::Object(entries)) if entries.values().all(Value::is_object) => {}
            ("SUPERUSERS", Value::Array(names)) if names.iter().all(Value::is_string) => {}
            ("PERMISSION_MAPPING", _) => return Err(wrong(key, "an object of objects")),
            ("SUPERUSERS", _) => return Err(wrong(key, "a list of names")),
            _ => return Err(wrong(key, "a list of objects")),
        }
    }
    if let Some(Value::Array(entries)) = fields.get("PERMISSIONS") {
        of(&gate)?.replace_permissions(Some(entries.iter().cloned().map(Permission::of).collect()));
    }
    done()
}

/// Takes the store or the bus away, and gives it back.
async fn break_down(State(gate): Shared, Raw(body): Raw) -> Done {
    let (own, fields) = (of(&gate)?, fields(&body, &["db", "bus"])?);
    let switch = |key: &str| match fields.get(key) {
        None => Ok(None),
        Some(Value::Bool(on)) => Ok(Some(*on)),
        Some(_) => Err(Problem::bad_value(format!("/body/{key}"), "expected true or false")),
    };
    let (db, bus) = (switch("db")?, switch("bus")?);
    for (fault, on) in [(&own.store, db), (&own.bus, bus)] {
        if let Some(on) = on {
            fault.set(on);
        }
    }
    done()
}
