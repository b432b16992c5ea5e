//! The test kit's `RabbitMQ`, for tests that are no futures.

use tidegate_testkit::{Broker as Real, Received};
use tokio::runtime::{Builder, Runtime};

/// The broker. Dropping it ends it.
pub(crate) struct Broker {
    real: Real,
    runtime: Runtime,
}

impl Broker {
    /// Starts a broker; none where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        Some(Self { real: runtime.block_on(Real::start())?, runtime })
    }

    /// Its URL for the account that may do everything.
    pub(crate) fn url(&self) -> String {
        self.real.url()
    }

    /// Its URL for the account that has the rights of which the book says that they are enough.
    pub(crate) fn url_for_gate(&self) -> String {
        self.url_for("gate", "s3cr3t")
    }

    /// Its URL for an account.
    pub(crate) fn url_for(&self, user: &str, password: &str) -> String {
        self.real.url_for(user, password)
    }

    /// Makes a queue, as the machines that run tests do; perhaps one that refuses more than so many messages.
    pub(crate) fn declare(&self, queue: &str, most: Option<i32>) {
        self.runtime.block_on(self.real.queue(queue, "amq.direct", queue, most));
    }

    /// Takes everything out of a queue; none if there is no such queue.
    pub(crate) fn take(&self, queue: &str) -> Option<Vec<Received>> {
        self.runtime.block_on(self.real.take_if_there(queue))
    }
}
