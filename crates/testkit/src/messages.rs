//! What the platform tells, held against the schemas of its topics: after each test, all that the test made it tell.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use tidegate_kernel::TopicFiles;
use tidegate_platform::events::TOPICS;

use crate::database::TestDb;

const TOLD: &str = "SELECT topic, version, body FROM platform_outbox WHERE topic LIKE 'platform.%'";

/// Asserts that each message of the platform in that store fits the schema of its topic and version.
pub(crate) async fn assert_fit(t: &TestDb) {
    for row in t.rows(TOLD).await {
        let [topic, version, body] = row.as_slice() else { panic!("{row:?} has three columns") };
        let files = TOPICS.iter().find(|files| files.topic == topic && files.version.to_string() == *version);
        let files = files.unwrap_or_else(|| panic!("{topic} of version {version} has no schema"));
        fit(files, &serde_json::from_str(body).expect("a body is JSON"));
    }
}

fn fit(files: &TopicFiles, body: &Value) {
    let schema = serde_json::from_str(files.schema).expect("a schema is JSON");
    let fits = jsonschema::draft202012::validate(&schema, body);
    fits.unwrap_or_else(|error| panic!("{}: {error}: {body}", files.topic));
}

/// Asserts that each topic has a schema and an example that fits, and that nothing else lies in their folder.
///
/// # Panics
///
/// One is missing, left over or wrong.
pub fn assert_topics(topics: &[TopicFiles], folder: &Path) {
    let mut expected = BTreeSet::new();
    for files in topics {
        let schema: Value = serde_json::from_str(files.schema).expect("a schema is JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{}", files.topic);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{}", files.topic);
        assert!(!jsonschema::draft202012::is_valid(&schema, &json!({})), "{} takes everything", files.topic);
        fit(files, &serde_json::from_str(files.example).expect("an example is JSON"));
        for kind in ["schema", "example"] {
            expected.insert(format!("{}.v{}.{kind}.json", files.topic, files.version));
        }
    }
    let names = std::fs::read_dir(folder).expect("the folder can be read");
    let names = names.map(|file| file.expect("it can be read").file_name().into_string().expect("a plain name"));
    let of_topics = names.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "json"));
    assert_eq!(of_topics.collect::<BTreeSet<_>>(), expected);
}
