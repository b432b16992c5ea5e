//! The first admin of an empty store.

use serde_json::json;

use super::both;

const SETUP: &str = "/api/v1/platform/setup";

#[test]
fn the_setup_token_makes_one_admin_and_is_in_no_log() {
    both(|house| {
        let mut service = house.serve(&[]);
        let old = service.setup_token();
        let (status, said) = service.stop();
        assert!(status.success(), "{said}");

        let mut service = house.serve(&[]);
        let token = service.setup_token();
        assert_ne!(token, old);
        let admin = |token: &str| service.post(SETUP, &json!({"token": token, "name": "ann"}));
        assert_eq!(admin(&old).0, 401, "a restart voids the token before");
        let (status, made) = admin(&token);
        assert_eq!((status, &made["user"]), (201, &json!("ann")));
        assert_eq!(admin(&token).0, 401, "it is good once");
        let shown = format!("Bearer {}", made["token"].as_str().unwrap());
        let (_, me) = service.ask("GET", "/api/v1/platform/me", &[("authorization", &shown)], None).unwrap();
        assert!(me["permissions"].as_array().unwrap().iter().any(|may| may["permission"] == "platform:admin"), "{me}");

        let (_, said) = service.stop();
        let with_token: Vec<_> = said.lines().filter(|line| line.contains("tgs_")).collect();
        assert!(matches!(with_token.as_slice(), [one] if one.starts_with("setup: open http://")), "{with_token:?}");
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(house.folder.path().join("data")).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o700, "nobody else looks into the data");
        let files = std::fs::read_dir(house.folder.path().join("data")).unwrap().flatten().map(|file| file.path());
        for file in files.filter(|file| file.is_file()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{}", file.display());
        }

        let (_, said) = house.serve(&[]).stop();
        assert!(!said.contains("tgs_"), "there is an admin now: {said}");
    });
}
