use serde_json::json;
use tidegate_kernel::{Actor, OrderKey, Severity};
use tidegate_platform::outbox::{Deed, Feed, Post};
use tidegate_platform::store::{Durability, Isolation, Result, StoreError, in_tx};
use tidegate_testkit::TestDb;

use super::{PLATFORM, announce, arrival, feed, sequence, ships};

#[test]
fn a_message_comes_out_as_it_went_in() {
    TestDb::both(PLATFORM, async |t| {
        let body =
            json!({"float": 1.5, "big": 9_007_199_254_740_993_i64, "text": "\u{1f6a2} \\u0041", "deep": [[null]]});
        let body = body.as_object().unwrap().clone();
        let message = || {
            let message = arrival("a", "b").with_body(body.clone()).with_severity(Severity::Warning).with_version(3);
            message.because_of("cause").about("build:nethack-9-1.fc44".parse().unwrap())
        };
        let id = t.db.write("harbour.arrive", |tx| in_tx(async move { tx.publish(message()) })).await;
        let id: std::result::Result<_, StoreError> = id;
        sequence(&t.db).await;
        let entries = feed(&t.db, 0).await;
        let expected = message().seal(id.unwrap()).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].post, Post::Message(Box::new(expected)));
    });
}

#[test]
fn what_is_rolled_back_was_never_announced() {
    TestDb::both(PLATFORM, async |t| {
        let failed: Result<()> =
            t.db.write("harbour.arrive", |tx| {
                in_tx(async move {
                    tx.publish(arrival("a", "ghost"))?;
                    Err(StoreError::Address("enough".to_owned()))
                })
            })
            .await;
        failed.unwrap_err();
        announce(&t.db, "a", "real").await;
        sequence(&t.db).await;
        assert_eq!(ships(&feed(&t.db, 0).await), ["real"]);
    });
}

#[test]
fn a_transaction_that_may_get_lost_announces_nothing() {
    TestDb::both(PLATFORM, async |t| {
        let refused: Result<_> =
            t.db.write_with("harbour.arrive", Durability::Rebuildable, Isolation::ReadCommitted, |tx| {
                in_tx(async move { tx.publish(arrival("a", "b")) })
            })
            .await;
        let refused = refused.unwrap_err().to_string();
        assert_eq!(
            refused,
            "a transaction marked rebuildable announces nothing, but would have: a message in harbour.arrive"
        );
    });
}

#[test]
fn many_messages_of_one_transaction_keep_their_order() {
    TestDb::both(PLATFORM, async |t| {
        let all: Result<()> =
            t.db.write("harbour.arrive", |tx| {
                in_tx(async move {
                    for number in 0..450 {
                        tx.publish(arrival("a", &number.to_string()))?;
                    }
                    Ok(())
                })
            })
            .await;
        all.unwrap();
        sequence(&t.db).await;
        let expected: Vec<_> = (0..450).map(|number| number.to_string()).collect();
        assert_eq!(ships(&feed(&t.db, 0).await), expected);
    });
}

#[test]
fn a_deed_is_for_its_receiver_alone() {
    TestDb::both(PLATFORM, async |t| {
        let deed = || Deed {
            sink: "mail".to_owned(),
            key: OrderKey::new("harbour", "ann@example.org").unwrap(),
            mark: "<1@example.org>".to_owned(),
            actor: Actor::system(),
            payload: json!({"to": "ann@example.org"}),
        };
        let done: Result<_> = t.db.write("harbour.tell", |tx| in_tx(async move { tx.act(deed()) })).await;
        let id = done.unwrap();
        sequence(&t.db).await;
        assert_eq!(feed(&t.db, 0).await, []);
        let acts = async |sink: &'static str| {
            let acts: Result<_> = t.db.read(|reader| in_tx(Feed::acts(reader, sink, 0, i64::MAX, 10))).await;
            acts.unwrap()
        };
        assert_eq!(acts("wiki").await, []);
        let found = acts("mail").await;
        let Post::Act(act) = &found[0].post else { panic!("it is a deed") };
        assert_eq!((act.id, act.mark.as_str(), &act.payload), (id, "<1@example.org>", &deed().payload));
    });
}
