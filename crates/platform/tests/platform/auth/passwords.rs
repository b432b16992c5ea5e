//! The first admin, passwords and sessions.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tidegate_platform::auth::{ADMIN, AuthError, Credentials, NewUser, Shown, User, UserChange, UserState};
use tidegate_platform::secret::Secret;
use tidegate_platform::store::in_tx;
use tidegate_testkit::TestDb;

use super::{Office, auth};
use crate::wake::PLATFORM;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn set_up(office: &Office<'_>, token: &Secret, name: &str) -> Result<User, AuthError> {
    let new = NewUser { name: name.parse().expect("it is a name"), title: None, mail: None, password: None };
    office.db.write("harbour.setup", |tx| in_tx(office.auth.set_up(tx, token, &new))).await
}

#[test]
fn the_setup_token_makes_one_admin() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        let old = auth.new_setup_token().await.unwrap().expect("there is nobody yet");
        let token = auth.new_setup_token().await.unwrap().expect("there is nobody yet");
        assert!(token.expose().starts_with("tgs_"));
        let refused = set_up(&office, &old, "ann").await;
        assert!(matches!(refused, Err(AuthError::NotAuthenticated)), "a restart voids the one before: {refused:?}");

        set_up(&office, &token, "ann").await.unwrap();
        assert!(office.by_name("ann").await.may(ADMIN));
        assert!(matches!(set_up(&office, &token, "bob").await, Err(AuthError::NotAuthenticated)));
        assert!(auth.new_setup_token().await.unwrap().is_none());
        assert_eq!(t.rows("SELECT name FROM platform_user").await, [["ann"]]);
    });
}

#[test]
fn the_setup_token_is_good_for_a_day() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        let token = auth.new_setup_token().await.unwrap().unwrap();
        t.clock.advance(Duration::from_secs(86_401));
        assert!(matches!(set_up(&office, &token, "ann").await, Err(AuthError::NotAuthenticated)));
    });
}

#[test]
fn a_session_ends_when_it_is_idle_or_old() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", Some("spring tide")).await.unwrap();
        let hours = |hours: u64| t.clock.advance(Duration::from_secs(hours * 3_600));
        let forget = async |name: &str| drop(office.user(name, None).await.unwrap());

        let session = auth.log_in("ann", &Secret::new("spring tide"), HERE).await.unwrap();
        let cookie = Credentials::Session(session.cookie);
        let principal = auth.principal(&cookie).await.unwrap();
        assert!(matches!(principal.shown(), Shown::Session { csrf, .. } if *csrf == session.csrf));
        for day in 0..13 {
            hours(11);
            forget(&format!("guest{day}")).await;
            assert!(auth.principal(&cookie).await.is_ok(), "after {day} times 11 hours");
        }
        hours(11);
        hours(11);
        hours(11);
        forget("late").await;
        assert!(matches!(auth.principal(&cookie).await, Err(AuthError::NotAuthenticated)), "it is older than a week");

        let session = auth.log_in("ann", &Secret::new("spring tide"), HERE).await.unwrap();
        let cookie = Credentials::Session(session.cookie);
        hours(13);
        assert!(matches!(auth.principal(&cookie).await, Err(AuthError::NotAuthenticated)), "it was idle");
    });
}

#[test]
fn logging_out_a_new_password_and_being_blocked_end_sessions() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", Some("spring tide")).await.unwrap();
        let log_in = async |password: &str| {
            let session = auth.log_in("ann", &Secret::new(password), HERE).await.unwrap();
            Credentials::Session(session.cookie)
        };
        let (one, other) = (log_in("spring tide").await, log_in("spring tide").await);
        let principal = auth.principal(&one).await.unwrap();
        auth.log_out(&principal).await.unwrap();
        assert!(auth.principal(&one).await.is_err() && auth.principal(&other).await.is_ok());

        let password = Some(auth.hash_password(&Secret::new("neap tide..")).await.unwrap());
        let change = async |change: UserChange| -> Result<User, AuthError> {
            t.db.write("harbour.change", |tx| in_tx(auth.change_user(tx, "ann", None, &change))).await
        };
        let changed = change(UserChange { password, ..UserChange::default() }).await.unwrap();
        assert_eq!(changed.version, 3, "the change and its password");
        assert!(auth.principal(&other).await.is_err());

        let cookie = log_in("neap tide..").await;
        assert!(auth.principal(&cookie).await.is_ok());
        change(UserChange { state: Some(UserState::Blocked), ..UserChange::default() }).await.unwrap();
        assert!(auth.principal(&cookie).await.is_err());
        assert!(auth.log_in("ann", &Secret::new("neap tide.."), HERE).await.is_err());
    });
}

#[test]
fn whoever_guesses_has_to_wait() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", Some("spring tide")).await.unwrap();
        for name in ["ann", "nobody"] {
            for _ in 0..5 {
                let refused = auth.log_in(name, &Secret::new("high tide"), HERE).await;
                assert!(matches!(refused, Err(AuthError::NotAuthenticated)), "{name}: {refused:?}");
            }
            let refused = auth.log_in(name, &Secret::new("spring tide"), HERE).await;
            assert!(matches!(refused, Err(AuthError::Throttled(_))), "{name}: {refused:?}");
        }
        t.clock.advance(Duration::from_secs(301));
        assert!(auth.log_in("ann", &Secret::new("spring tide"), HERE).await.is_ok());
    });
}

#[test]
fn whoever_guesses_many_at_once_has_to_wait_too() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", Some("spring tide")).await.unwrap();
        let guesses = (0..12).map(|guess| {
            let auth = auth.clone();
            tokio::spawn(async move { auth.log_in("ann", &Secret::new(format!("high tide {guess}")), HERE).await })
        });
        let mut looked_at = 0;
        for guess in guesses.collect::<Vec<_>>() {
            looked_at += usize::from(matches!(guess.await.unwrap(), Err(AuthError::NotAuthenticated)));
        }
        assert_eq!(looked_at, 5);
    });
}

#[test]
fn a_change_on_an_old_version_is_refused() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", None).await.unwrap();
        let change = async |version, mail: &str| -> Result<User, AuthError> {
            let change = UserChange { mail: Some(mail.to_owned()), ..UserChange::default() };
            t.db.write("harbour.change", |tx| in_tx(auth.change_user(tx, "ann", Some(version), &change))).await
        };
        assert_eq!(change(1, "ann@example.org").await.unwrap().mail.as_deref(), Some("ann@example.org"));
        assert!(matches!(change(1, "x@example.org").await, Err(AuthError::Changed { found: 2, .. })));
        assert_eq!(change(2, "").await.unwrap().mail, None);
    });
}
