//! Roles, and the tokens that narrow them.

use std::time::Duration;

use tidegate_platform::auth::{
    ADMIN, Auth, AuthError, ConfiguredGrant, Credentials, OPERATE, Principal, Rights, Shown,
};
use tidegate_platform::wake::Bridge;
use tidegate_testkit::{Kind, TestDb};

use super::{LOAD, Office, STAY, auth, options, team, user};
use crate::wake::PLATFORM;

#[test]
fn roles_come_by_user_by_team_and_by_configuration() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        for name in ["ann", "bob", "cem"] {
            office.user(name, None).await.unwrap();
        }
        office.team("dockers", &["bob", "cem"]).await;
        office.grant(user("ann"), "harbour.guest", Some("pier-*")).await.unwrap();
        office.grant(team("dockers"), "harbour.docker", None).await.unwrap();

        let ann = office.by_name("ann").await;
        assert!(ann.may_on(STAY, "pier-3") && !ann.may_on(STAY, "dock") && !ann.may(STAY) && !ann.may_somewhere(LOAD));
        let bob = office.by_name("bob").await;
        assert!(bob.may(LOAD) && bob.teams().contains("dockers") && !bob.may(OPERATE));
        assert!(auth.principal(&Credentials::Proxy("dan".to_owned())).await.is_err());

        let grant = |user: Option<&str>, team: Option<&str>| ConfiguredGrant {
            role: "platform.operator".to_owned(),
            user: user.map(str::to_owned),
            team: team.map(str::to_owned),
            object: None,
            only: None,
        };
        let both = vec![grant(Some("ann"), None), grant(None, Some("dockers"))];
        let rights = Rights::of(&[super::HARBOUR]).unwrap();
        let configured = Auth::new(t.db.clone(), rights.clone(), options(both)).unwrap();
        let office = Office { db: &t.db, auth: &configured };
        assert!(office.by_name("ann").await.may(OPERATE) && office.by_name("cem").await.may(OPERATE));

        let unknown = ConfiguredGrant { role: "platform.operater".to_owned(), ..grant(Some("ann"), None) };
        let refused = Auth::new(t.db.clone(), rights, options(vec![unknown])).err().expect("there is no such role");
        assert_eq!(refused.to_string(), "there is no role \"platform.operater\"; did you mean \"platform.operator\"?");
    });
}

#[test]
fn what_is_twice_or_not_there_is_refused() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", None).await.unwrap();
        assert!(matches!(office.user("ann", None).await, Err(AuthError::Exists { .. })));
        office.grant(user("ann"), "harbour.guest", None).await.unwrap();
        assert!(matches!(office.grant(user("ann"), "harbour.guest", None).await, Err(AuthError::Exists { .. })));
        assert!(matches!(office.grant(user("bob"), "harbour.guest", None).await, Err(AuthError::NotFound { .. })));
        assert!(matches!(office.grant(team("none"), "harbour.guest", None).await, Err(AuthError::NotFound { .. })));
        assert!(matches!(office.grant(user("ann"), "harbour.gest", None).await, Err(AuthError::UnknownRole { .. })));
    });
}

#[test]
fn a_token_opens_what_it_is_narrowed_to_until_it_ends() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", None).await.unwrap();
        office.grant(user("ann"), "platform.admin", None).await.unwrap();
        let ann = office.by_name("ann").await;
        assert!(ann.may(ADMIN) && ann.may(LOAD));

        let (token, secret) = office.token(&ann, Some(&["harbour:stay"])).await.unwrap();
        let shown = Credentials::Token(secret.clone());
        let by_token = auth.principal(&shown).await.unwrap();
        assert!(by_token.may(STAY) && !by_token.may(LOAD) && !by_token.may(ADMIN));
        assert_eq!(by_token.actor().to_string(), "user:ann");
        assert!(matches!(by_token.shown(), Shown::Token(limits) if limits.id == token.id));

        let stored = t.rows("SELECT hash, used_at IS NULL FROM platform_token").await;
        assert!(!stored[0][0].contains(&secret.expose()[3..]), "only the digest is stored");
        assert!(["0", "f", "false"].contains(&stored[0][1].as_str()), "that it was used is noted: {stored:?}");

        t.clock.advance(Duration::from_secs(366 * 86_400));
        office.user("somebody", None).await.unwrap();
        assert!(matches!(auth.principal(&shown).await, Err(AuthError::NotAuthenticated)));
    });
}

#[test]
fn nobody_gives_more_than_he_has() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", None).await.unwrap();
        office.grant(user("ann"), "harbour.docker", None).await.unwrap();
        let ann = office.by_name("ann").await;
        assert!(matches!(office.token(&ann, Some(&["platform:admin"])).await, Err(AuthError::Beyond(_))));
        assert!(matches!(office.token(&ann, Some(&["harbour:laod"])).await, Err(AuthError::UnknownPermission { .. })));
        assert!(matches!(office.token(&Principal::anonymous(), None).await, Err(AuthError::NotAuthenticated)));

        let (_, narrow) = office.token(&ann, Some(&["harbour:stay"])).await.unwrap();
        let narrow = auth.principal(&Credentials::Token(narrow)).await.unwrap();
        assert!(matches!(office.token(&narrow, Some(&["harbour:load"])).await, Err(AuthError::Beyond(_))));
        let (child, _) = office.token(&narrow, None).await.unwrap();
        assert_eq!(child.scopes, Some(vec!["harbour:stay".to_owned()]));
    });
}

#[test]
fn what_is_no_token_opens_nothing() {
    TestDb::both(PLATFORM, async |t| {
        let auth = auth(&t.db);
        let office = Office { db: &t.db, auth: &auth };
        office.user("ann", None).await.unwrap();
        let ann = office.by_name("ann").await;
        let (token, secret) = office.token(&ann, None).await.unwrap();
        for text in
            ["", "tg_", &format!("tg_{}", "0".repeat(64)), &secret.expose()[3..], &format!("{}0", secret.expose())]
        {
            let shown = Credentials::Token(tidegate_platform::secret::Secret::new(text));
            assert!(matches!(auth.principal(&shown).await, Err(AuthError::NotAuthenticated)), "{text}");
        }
        let shown = Credentials::Token(secret);
        assert!(auth.principal(&shown).await.is_ok());
        office.revoke(&token.id).await;
        assert!(matches!(auth.principal(&shown).await, Err(AuthError::NotAuthenticated)));
    });
}

#[test]
fn a_token_revoked_in_one_process_is_refused_by_another() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let tidegate_platform::store::Place::Postgres(url) = t.options().place.clone() else { unreachable!() };
        let other = t.another(2).await;
        let _bridges = [Bridge::start(&t.db, &url).unwrap(), Bridge::start(&other, &url).unwrap()];
        let (here, there) = (auth(&t.db), auth(&other));
        let office = Office { db: &t.db, auth: &here };
        office.user("ann", None).await.unwrap();
        let ann = office.by_name("ann").await;
        let (token, secret) = office.token(&ann, None).await.unwrap();
        let shown = Credentials::Token(secret);
        assert!(there.principal(&shown).await.is_ok());
        let mut heard = other.signals().listen();
        office.revoke(&token.id).await;
        while !heard.next().await.rights {}
        assert!(matches!(there.principal(&shown).await, Err(AuthError::NotAuthenticated)));
        drop((here, there));
        other.close().await;
    });
}

/// Scenario 27 without the bridge: what is known is forgotten after five seconds.
#[test]
fn a_revoked_token_is_forgotten_though_nobody_tells() {
    TestDb::on(Kind::Postgres, PLATFORM, async |t| {
        let other = t.another(2).await;
        let (here, there) = (auth(&t.db), auth(&other));
        let office = Office { db: &t.db, auth: &here };
        office.user("ann", None).await.unwrap();
        let ann = office.by_name("ann").await;
        let (token, secret) = office.token(&ann, None).await.unwrap();
        let shown = Credentials::Token(secret);
        assert!(there.principal(&shown).await.is_ok());
        office.revoke(&token.id).await;
        assert!(there.principal(&shown).await.is_ok(), "it is still known");
        let forgotten = async { while there.principal(&shown).await.is_ok() {} };
        tokio::time::timeout(std::time::Duration::from_secs(30), forgotten).await.expect("it is forgotten");
        drop((here, there));
        other.close().await;
    });
}
