//! Who makes a request, and the one transaction in which it writes.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Platform;
use super::answer::Answer;
use super::problem::Problem;
use super::store;
use crate::auth::{Credentials, Permission, Principal};
use crate::secret::Secret;
use crate::store::{StoreError, Tx, Work, in_tx};
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
    /// Method and address.
    target: String,
    /// Digest of what is asked.
    request: String,
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

impl Repeatable {
    pub(super) fn new(key: String, target: String, body: &[u8]) -> Self {
        let request = digest(&target, body);
        Self { key, target, request }
    }
}

fn digest(target: &str, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(target);
    digest.update(b"\n");
    digest.update(body);
    tidegate_kernel::hex(&digest.finalize())
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

    /// The same request by whom a token names that came elsewhere than in the head.
    ///
    /// # Errors
    ///
    /// The token opens nothing, or the store is away.
    pub async fn with_token(self, platform: &Platform, token: Secret) -> Result<Self, Problem> {
        let principal = platform.auth().principal(&Credentials::Token(token)).await?;
        Ok(Self { principal, ..self })
    }

    /// Says what of the body counts when the same request comes again.
    #[must_use]
    pub fn asking(mut self, body: &[u8]) -> Self {
        if let Some(repeated) = &mut self.repeated {
            repeated.request = digest(&repeated.target, body);
        }
        self
    }

    /// Asks for a permission on everything.
    ///
    /// # Errors
    ///
    /// As for [`Self::demand_on`].
    pub fn demand(&self, permission: Permission) -> Result<(), Problem> {
        self.refuse_unless(self.principal.may(permission), permission)
    }

    /// Asks for a permission on an object.
    ///
    /// # Errors
    ///
    /// The caller does not have it there; without a login at all it is another error.
    pub fn demand_on(&self, permission: Permission, object: &str) -> Result<(), Problem> {
        self.refuse_unless(self.principal.may_on(permission, object), permission)
    }

    fn refuse_unless(&self, may: bool, permission: Permission) -> Result<(), Problem> {
        if may {
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
    pub async fn write<'s, E: From<Problem> + From<StoreError>>(
        &self,
        platform: &Platform,
        unit: &str,
        work: impl for<'t> Fn(&'t mut Tx) -> Work<'s, 't, Result<Answer, E>> + Send + Sync,
    ) -> Result<Answer, E> {
        let (work, actor) = (&work, self.holder());
        let (actor, ttl) = (actor.as_str(), platform.settings().idempotency_ttl);
        let written = platform.db().write(unit, |tx| {
            in_tx(async move {
                tx.because_of(&*self.request_id);
                let Some(Repeatable { key, request, .. }) = &self.repeated else { return work(tx).await };
                if !store::claim(tx, actor, key, request, tx.now().later(ttl)).await? {
                    return Ok(replay(tx, actor, key, request).await?);
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
