//! What the gate tells on a real bus, and a bus that fails.

mod away;
mod consumer;
mod heard;

use std::sync::Mutex;

use serde_json::Value;
use tidegate_testkit::{Broker, Proxy, Received, Target};
use tokio::runtime::Runtime;

use crate::serve::{House, Service};

/// What stands before every topic.
const PREFIX: &str = "org.example";

/// A broker for tests that wait for it: it has a runtime of its own.
pub(super) struct Bus {
    runtime: Runtime,
    broker: Mutex<Broker>,
    address: String,
}

impl Bus {
    /// Starts one; nothing where it is not installed, which is counted.
    pub(super) fn start() -> Option<Self> {
        let runtime = Runtime::new().expect("a runtime starts");
        let broker = runtime.block_on(Broker::start())?;
        Some(Self { runtime, address: broker.address(), broker: Mutex::new(broker) })
    }

    /// Waits for it, also where the test is within another runtime.
    fn wait<T: Send>(&self, work: impl AsyncFnOnce(&mut Broker) -> T + Send) -> T {
        let wait = || {
            let mut broker = self.broker.lock().expect("nobody panicked");
            self.runtime.block_on(work(&mut broker))
        };
        std::thread::scope(|scope| scope.spawn(wait).join()).expect("the broker does its work")
    }

    /// A queue of that house for everything that a service tells.
    pub(super) fn queue(&self, house: &House) -> String {
        let queue =
            house.folder.path().file_name().and_then(|name| name.to_str()).expect("folders have names").to_owned();
        self.wait(async |broker| broker.queue(&queue, "amq.topic", &format!("{PREFIX}.#"), None).await);
        queue
    }

    /// The same, and a queue for what a consumer refuses.
    fn queue_with_dead_letters(&self, house: &House) -> (String, String) {
        let queue =
            house.folder.path().file_name().and_then(|name| name.to_str()).expect("folders have names").to_owned();
        let dead = format!("{queue}.dead");
        self.wait(async |broker| {
            broker.queue(&dead, "amq.fanout", "#", None).await;
            broker.queue_with_dead_letters(&queue, "amq.topic", &format!("{PREFIX}.#"), "amq.fanout").await;
        });
        (queue, dead)
    }

    /// Hears a queue until the test has enough.
    pub(super) fn hear(&self, queue: &str, is_enough: impl FnMut(&Received) -> bool + Send) -> Vec<Received> {
        self.wait(async |broker| broker.hear(queue, is_enough).await)
    }

    /// Has somebody tell that.
    fn tell(&self, topic: &str, id: &str, body: &Value) {
        let body = body.to_string();
        self.wait(async |broker| broker.publish("amq.topic", topic, Some(id), body.as_bytes()).await);
    }

    /// What lies in a queue.
    pub(super) fn take(&self, queue: &str) -> Vec<Received> {
        self.wait(async |broker| broker.take(queue).await)
    }

    /// Ends the broker as a power failure would.
    fn stop(&self) {
        self.wait(async |broker| broker.stop());
    }

    /// Starts it again, with what it had kept.
    fn start_again(&self) {
        self.wait(async |broker| broker.start_again().await);
    }

    /// Has it take nothing; or take messages again.
    fn block(&self, is_blocked: bool) {
        self.wait(async |broker| broker.block(is_blocked));
    }

    /// A proxy before the broker.
    fn proxy(&self) -> Proxy {
        self.wait(async |_| Proxy::to(Target::Tcp(self.address.clone())).await)
    }

    /// A service that tells it.
    pub(super) fn serve(&self, house: &House, environment: &[(&str, &str)]) -> Service {
        serve_at(house, &self.address, environment)
    }
}

/// A service that tells a broker which is found there.
fn serve_at(house: &House, address: &str, environment: &[(&str, &str)]) -> Service {
    let (url, prefix) = (format!("amqp://guest:guest@{address}"), format!("\"{PREFIX}\""));
    let bus = [("TIDEGATE_BUS__URL", url.as_str()), ("TIDEGATE_BUS__TOPIC_PREFIX", prefix.as_str())];
    house.serve(&[&bus, environment].concat())
}
