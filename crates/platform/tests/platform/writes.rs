//! One record for a write, with what it announced; none when it was undone.

use serde_json::json;
use tidegate_kernel::Actor;
use tidegate_platform::store::{Result, StoreError, in_tx};
use tidegate_platform::writes::{self, Recorded, Via, WriteRecord};
use tidegate_testkit::TestDb;

use crate::outbox::{PLATFORM, arrival};

fn waive() -> WriteRecord {
    WriteRecord {
        actor: Actor::user("ann"),
        token: Some("laptop".to_owned()),
        via: Via::Cli,
        permission: "results:waive".to_owned(),
        object: "waiver/1".to_owned(),
        reason: Some("known bug".to_owned()),
        change: json!({"waived": [false, true]}),
        request_id: "r-1".to_owned(),
    }
}

#[test]
fn a_write_is_recorded_with_what_it_announced_and_not_when_it_is_undone() {
    TestDb::both(PLATFORM, async |t| {
        let done: Result<_> =
            t.db.write("results.waive", |tx| {
                in_tx(async move {
                    tx.record(waive());
                    tx.publish(arrival("a", "b"))
                })
            })
            .await;
        let undone: Result<()> =
            t.db.write("results.waive", |tx| {
                in_tx(async move {
                    tx.record(waive());
                    Err(StoreError::Address("enough".to_owned()))
                })
            })
            .await;
        undone.unwrap_err();
        let list = async |object: &'static str| {
            let list: Result<Vec<Recorded>> =
                t.db.read(|reader| in_tx(writes::list(reader, object, i64::MAX, 10))).await;
            list.expect("it can be read")
        };
        let all = list("").await;
        assert_eq!(all.len(), 1);
        assert_eq!((&all[0].record, &all[0].message_ids), (&waive(), &vec![done.unwrap()]));
        assert_eq!(all[0].at, crate::wake::at("08:00:00"));
        assert_eq!((list("waiver/1").await.len(), list("waiver/2").await.len()), (1, 0));
    });
}
