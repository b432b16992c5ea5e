//! Who makes a request, and the one transaction in which it writes.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::Value;

use super::Platform;
use super::answer::Answer;
use super::problem::Problem;
use super::store;
use crate::auth::{Permission, Principal};
use crate::store::{Tx, Work, in_tx};
use crate::writes::{Via, WriteRecord};

/// Who makes a request.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(super) principal: Arc<Principal>,
    pub(super) request_id: Arc<str>,
    pub(super) address: IpAddr,
    /// Scheme, host and port by which the service was reached.
    pub(super) origin: Arc<str>,
    pub(super) via: Via,
    pub(super) repeated: Option<Repeatable>,
}

/// A request that its client may repeat.
#[derive(Debug, Clone)]
pub(super) struct Repeatable {
    pub(super) key: String,
    /// Digest of what is asked.
    pub(super) request: String,
}

/// What was changed, for the record of writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// By which permission.
    pub permission: Permission,
    /// What was changed: `user:ann`, `token:0193…`.
    pub object: String,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// How it was changed, without secrets.
    pub change: Value,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::fault(&"a handler outside of the shell asks who calls"))
    }
}

impl Caller {
    /// Who it is, and what that one may.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The request's id, as it is in the log, in the record of writes and in the answer.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The address that the request comes from.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Scheme, host and port by which the service was reached: `https://gate.example.org`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The same request, made by somebody who is known by now.
    pub(super) fn as_principal(&self, principal: Principal) -> Self {
        Self { principal: Arc::new(principal), ..self.clone() }
    }

    /// Asks for a permission on an object.
    ///
    /// # Errors
    ///
    /// The caller does not have it there; without a login at all it is another error.
    pub fn demand_on(&self, permission: Permission, object: &str) -> Result<(), Problem> {
        if self.principal.may_on(permission, object) {
            Ok(())
        } else if self.principal.is_anonymous() {
            Err(Problem::not_authenticated())
        } else {
            Err(Problem::forbidden(permission.as_str()))
        }
    }

    /// Does the one transaction of this request. With an `Idempotency-Key` the answer is kept in it, and whoever asks the
    /// same again gets that answer instead of a second effect.
    ///
    /// # Errors
    ///
    /// Those of the closure, those of the store, and that the key was used for another request.
    pub async fn write<'s>(
        &self,
        platform: &Platform,
        unit: &str,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, Result<Answer, Problem>> + Send + Sync,
    ) -> Result<Answer, Problem> {
        let (work, actor) = (&work, self.holder());
        let (actor, ttl) = (actor.as_str(), platform.settings().idempotency_ttl);
        let written = platform.db().write(unit, |tx| {
            in_tx(async move {
                tx.because_of(&*self.request_id);
                let Some(Repeatable { key, request }) = &self.repeated else { return work(tx).await };
                if !store::claim(tx, actor, key, request, tx.now().later(ttl)).await? {
                    return replay(tx, actor, key, request).await;
                }
                let answer = work(&mut *tx).await?;
                let kept = serde_json::to_value(&answer).map_err(|error| Problem::fault(&error))?;
                store::keep(tx, actor, key, answer.status(), &kept).await?;
                Ok(answer)
            })
        });
        written.await
    }

    /// Writes down who changed what, in the transaction of the change.
    pub fn record(&self, tx: &mut Tx, record: Record) {
        let Record { permission, object, reason, change } = record;
        tx.record(WriteRecord {
            actor: self.principal.actor(),
            token: self.principal.token().map(|token| token.id.clone()),
            via: self.via,
            permission: permission.to_string(),
            object,
            reason,
            change,
            request_id: self.request_id.to_string(),
        });
    }

    /// Whose keys these are. Those without a login share theirs with nobody at another address.
    fn holder(&self) -> String {
        if self.principal.is_anonymous() {
            format!("address:{}", self.address)
        } else {
            self.principal.actor().to_string()
        }
    }
}

async fn replay(tx: &mut Tx, actor: &str, key: &str, request: &str) -> Result<Answer, Problem> {
    let gone = || Problem::unavailable("the first request with this Idempotency-Key has just ended: try again");
    let kept = store::kept(tx, actor, key).await?.ok_or_else(gone)?;
    if kept.request != request {
        let detail = "this Idempotency-Key was used for another request";
        return Err(Problem::new(409, "platform.idempotency-conflict", detail));
    }
    let mut answer: Answer = serde_json::from_value(kept.answer.0).map_err(|error| Problem::fault(&error))?;
    answer.replayed = true;
    Ok(answer)
}
