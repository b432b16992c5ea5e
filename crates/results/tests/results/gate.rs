//! A gate in a test: results are posted, and what came of it is looked at.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_kernel::Actor;
use tidegate_platform::outbox::{Feed, Post, SEQUENCE, Sequence};
use tidegate_platform::store::{Db, Migrations, Result, in_tx};
use tidegate_platform::wake::{Engine, Jobs};
use tidegate_results::accept::{Arriving, Rules, Telling};
use tidegate_results::compat::render::Links;
use tidegate_results::compat::resultsdb_v2::{Acceptance, parse_result};
use tidegate_results::model::{ResultId, StoredResult};
use tidegate_results::store::{self, AcceptError, Accepting, StateRow};
use tidegate_testkit::TestDb;

/// The tables of the gate and of what it stands on.
pub(crate) const TABLES: &[Migrations] = &[tidegate_platform::MIGRATIONS, store::MIGRATIONS];

/// The gate over one store.
pub(crate) struct Gate {
    pub(crate) db: Db,
    pub(crate) rules: Rules,
}

impl Gate {
    pub(crate) fn over(t: &TestDb) -> Self {
        Self { db: t.db.clone(), rules: Rules::default() }
    }

    pub(crate) fn arriving(&self, body: &Value) -> Arriving {
        let arriving = self.arriving_text(&body.to_string());
        Arriving { id: body["id"].as_i64().map(ResultId), ..arriving }
    }

    fn arriving_text(&self, body: &str) -> Arriving {
        let acceptance = Acceptance {
            outcomes: self.rules.outcomes.clone(),
            item_keys: self.rules.item_keys.clone(),
            now: self.db.now(),
            max_future: Duration::from_secs(3_600),
        };
        let result = parse_result(body.as_bytes(), &acceptance).expect("a test posts what is right");
        Arriving { result, id: None, submitter: Some("ci".to_owned()) }
    }

    pub(crate) async fn take(
        &self,
        telling: Telling,
        arriving: &[Arriving],
    ) -> std::result::Result<Vec<StoredResult>, AcceptError> {
        let links = Links::at("http://h/resultsdb/api/v2.0");
        let accepting = Accepting { rules: &self.rules, links: &links, actor: Actor::user("ci"), telling };
        let accepting = &accepting;
        self.db
            .write("results.accept", |tx| in_tx(async move { store::accept(tx, accepting, arriving.to_vec()).await }))
            .await
    }

    /// Posts one result.
    pub(crate) async fn post(&self, body: Value) -> StoredResult {
        self.post_text(&body.to_string()).await
    }

    /// Posts one result, its keys in this order.
    pub(crate) async fn post_text(&self, body: &str) -> StoredResult {
        let stored = self.take(Telling::All, &[self.arriving_text(body)]).await.expect("it is taken");
        stored.into_iter().next().expect("one went in")
    }

    /// Posts a result of test case `t` for that item.
    pub(crate) async fn result(&self, item: &str, outcome: &str) -> StoredResult {
        let data = json!({"item": item, "type": "koji_build"});
        self.post(json!({"outcome": outcome, "testcase": "t", "data": data})).await
    }

    /// What is known of an item.
    pub(crate) async fn known(&self, item: &str) -> Vec<StateRow> {
        let states: Result<_> = self.db.read(|reader| in_tx(store::states_of_item(reader, item, "", 100))).await;
        states.expect("the store answers")
    }

    /// The bodies of all messages of that topic, in the order of the feed.
    pub(crate) async fn told(&self, topic: &str) -> Vec<Value> {
        self.number().await;
        let entries: Result<_> = self.db.read(|reader| in_tx(Feed::messages(reader, 0, i64::MAX, 100_000))).await;
        let body = |post: Post| match post {
            Post::Message(message) if message.topic.as_str() == topic => Some(Value::Object(message.body)),
            Post::Message(_) | Post::Act(_) => None,
        };
        entries.expect("the feed is read").into_iter().filter_map(|entry| body(entry.post)).collect()
    }

    /// Numbers what was committed, as the job does.
    async fn number(&self) {
        let engine = Engine::new(self.db.clone(), Jobs::default().with(Sequence), Duration::from_secs(60));
        let mut before = -1;
        loop {
            let head: Result<_> = self.db.read(|reader| in_tx(Feed::head(reader))).await;
            let head = head.expect("the feed is read");
            if head == before {
                return;
            }
            before = head;
            engine.run(SEQUENCE.as_str(), "feed", true).await.expect("the feed goes on");
        }
    }

    /// The changes in a short form.
    pub(crate) async fn changes(&self) -> Vec<String> {
        let shown = |body: &Value| {
            let said = &body["announcement"];
            let before = said["prev_outcome"].as_str().unwrap_or("nothing");
            let item = said["subject"]["item"].as_str().unwrap_or("nothing");
            format!(
                "{item} {}: {before} -> {} +{}",
                said["seq"],
                body["outcome"].as_str().unwrap_or("nothing"),
                said["suppressed"]
            )
        };
        self.told("results.result.changed").await.iter().map(shown).collect()
    }
}
