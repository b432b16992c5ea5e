//! The form of what runs inside a transaction.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a closure that is handed to [`Db::write`](super::Db::write) returns; made by [`in_tx`].
///
/// It may borrow from the transaction (`'t`) and from around the closure (`'s`). The marker tells the compiler that what
/// is around outlives the transaction, which the bounds of a closure cannot say.
#[must_use = "a transaction does nothing until it is awaited"]
pub struct Work<'s, 't, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 't>>,
    outlives: PhantomData<&'t &'s ()>,
}

/// Wraps the steps of a transaction: `db.write("merge.stage", |tx| in_tx(async move { … }))`.
pub fn in_tx<'s, 't, T>(steps: impl Future<Output = T> + Send + 't) -> Work<'s, 't, T> {
    Work { future: Box::pin(steps), outlives: PhantomData }
}

impl<T> Future for Work<'_, '_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.future.as_mut().poll(context)
    }
}
