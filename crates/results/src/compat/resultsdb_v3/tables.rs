//! The types of results and their fields, one line each.

use serde_json::Value;

use super::body::known;
use crate::compat::validation::{self, Field, FieldKind};
use crate::model::Outcomes;

/// A type of result that has an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultType {
    /// A build of an RPM.
    BrewBuild,
    /// A compose.
    ProductmdCompose,
    /// A container image.
    RedhatContainerImage,
    /// A module.
    RedhatModule,
}

const fn required(name: &'static str, kind: FieldKind, about: &'static str) -> Field {
    Field { name, kind, required: true, about }
}

const fn optional(name: &'static str, kind: FieldKind, about: &'static str) -> Field {
    Field { name, kind, required: false, about }
}

/// What every type has.
const COMMON: [Field; 20] = [
    required("testcase", FieldKind::Name, "Name of the test case."),
    required("outcome", FieldKind::Outcome, "What came out."),
    required("ci_name", FieldKind::Text, "Name of the CI system."),
    required("ci_team", FieldKind::Text, "Name of the team that runs the CI system."),
    optional("ci_url", FieldKind::Url, "Address of the CI system."),
    required("ci_docs", FieldKind::Url, "Address of the CI system's documentation."),
    required("ci_email", FieldKind::Mail, "Mail address of the team."),
    optional("ci_irc", FieldKind::Text, "Where the team can be talked to."),
    optional("rebuild", FieldKind::Url, "Address at which the test can be run again."),
    optional("log", FieldKind::Url, "Address of the test's log."),
    optional("system_provider", FieldKind::Text, "Who provided the system that was used."),
    optional("system_architecture", FieldKind::Text, "Architecture of the system that was used."),
    optional("system_variant", FieldKind::Text, "Variant of the system that was used."),
    optional("scenario", FieldKind::Text, "How it was tested."),
    optional("scratch", FieldKind::Boolean, "Whether it was built for trying only."),
    optional("error_reason", FieldKind::Text, "Why the test could not be run; with outcome ERROR only."),
    optional("issue_url", FieldKind::Url, "Address of a report of the error; with outcome ERROR only."),
    optional("note", FieldKind::Text, "A remark."),
    optional("ref_url", FieldKind::Url, "Address of the test's run."),
    optional("testcase_ref_url", FieldKind::Url, "Address of the test case's description."),
];

const BREW_BUILD: [Field; 2] = [
    required("item", FieldKind::Text, "Name, version and release of the build."),
    required("brew_task_id", FieldKind::Integer, "Id of the build's task."),
];

const PRODUCTMD_COMPOSE: [Field; 1] = [required("id", FieldKind::Text, "Id of the compose.")];

const REDHAT_CONTAINER_IMAGE: [Field; 12] = [
    required("item", FieldKind::Text, "Name, version and release of the image's build."),
    required("id", FieldKind::Text, "Digest of the image."),
    required("issuer", FieldKind::Text, "Who built the image."),
    required("component", FieldKind::Text, "Name of the image's component."),
    required("full_names", FieldKind::Texts, "Names by which the image can be pulled."),
    optional("brew_task_id", FieldKind::Integer, "Id of the build's task."),
    optional("brew_build_id", FieldKind::Integer, "Id of the build."),
    optional("registry_url", FieldKind::Text, "Registry that holds the image."),
    optional("tag", FieldKind::Text, "Tag of the image."),
    optional("name", FieldKind::Text, "Name of the image."),
    optional("namespace", FieldKind::Text, "Namespace of the image."),
    optional("source", FieldKind::Text, "Where the image's source is."),
];

const REDHAT_MODULE: [Field; 1] = [required("item", FieldKind::Text, "Name, stream, version and context.")];

impl ResultType {
    /// All types, in the order in which they are shown.
    pub const ALL: [Self; 4] =
        [Self::BrewBuild, Self::ProductmdCompose, Self::RedhatContainerImage, Self::RedhatModule];

    /// The type in a result's data.
    pub fn name(self) -> &'static str {
        match self {
            Self::BrewBuild => "brew-build",
            Self::ProductmdCompose => "productmd-compose",
            Self::RedhatContainerImage => "redhat-container-image",
            Self::RedhatModule => "redhat-module",
        }
    }

    /// The last segment of its endpoint's path.
    pub fn segment(self) -> String {
        format!("{}s", self.name())
    }

    /// The type whose endpoint ends in that segment.
    pub fn of_segment(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.segment() == segment)
    }

    /// What its body is called in errors.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::BrewBuild => "BrewResultParams",
            Self::ProductmdCompose => "ProductmdComposeResultParams",
            Self::RedhatContainerImage => "RedHatContainerImageResultParams",
            Self::RedhatModule => "RedHatModuleResultParams",
        }
    }

    /// Its fields: those that all have, then its own.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        let own: &'static [Field] = match self {
            Self::BrewBuild => &BREW_BUILD,
            Self::ProductmdCompose => &PRODUCTMD_COMPOSE,
            Self::RedhatContainerImage => &REDHAT_CONTAINER_IMAGE,
            Self::RedhatModule => &REDHAT_MODULE,
        };
        COMMON.iter().chain(own)
    }

    /// The JSON Schema of its body.
    pub fn schema(self, outcomes: &Outcomes) -> Value {
        validation::schema(self.class(), self.fields(), &known(outcomes))
    }
}
