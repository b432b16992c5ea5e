//! What the gate does when something comes: the builds of updates, from whoever tells of them.

use tidegate_platform::inbox::{Consumer, Incoming};
use tidegate_platform::store::Tx;

use crate::incoming::update_builds;
use crate::store;

/// Remembers the builds of updates, so that a result of an update is announced for each of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct UpdateBuilds;

impl UpdateBuilds {
    /// Its name as a consumer.
    pub const NAME: &'static str = "results.updates";
}

impl Consumer for UpdateBuilds {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn handle(&self, tx: &mut Tx, incoming: &Incoming) -> anyhow::Result<()> {
        let Some((update, builds)) = update_builds(&incoming.payload) else {
            tracing::debug!(topic = incoming.topic, "a message tells of no update");
            return Ok(());
        };
        Ok(store::set_builds(tx, &update, &builds, "bus").await?)
    }
}
