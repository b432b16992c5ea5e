//! The description of all native routes, from the same declarations as the routes themselves.

use std::collections::BTreeMap;

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr,
    Required, ResponseBuilder, ResponsesBuilder, Schema, Type,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem::{ProblemBody, ProblemItem};
use super::route::{Access, Endpoint, Routes, SchemaOf};

/// The description of these routes; of those below `/api`, whose shapes are ours.
pub fn document<S>(routes: &Routes<S>) -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut parts = vec![(ProblemItem::name().into_owned(), ProblemItem::schema())];
    ProblemBody::schemas(&mut parts);
    parts.push((ProblemBody::name().into_owned(), ProblemBody::schema()));
    for endpoint in routes.endpoints.iter().filter(|endpoint| endpoint.path.starts_with("/api/v1/")) {
        for part in [endpoint.takes, endpoint.answers].into_iter().flatten() {
            parts.push(((part.name)(), (part.schema)()));
            (part.parts)(&mut parts);
        }
        paths.add_path_operation(endpoint.path, vec![method(endpoint)], operation(endpoint));
    }
    schemas.extend(parts);
    let components = schemas.into_iter().fold(ComponentsBuilder::new(), |all, (name, schema)| all.schema(name, schema));
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Tidegate").version("1").build())
        .paths(paths)
        .components(Some(components.security_scheme("token", token).build()))
        .build()
}

fn method(endpoint: &Endpoint) -> HttpMethod {
    match endpoint.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(endpoint: &Endpoint) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new().summary(Some(endpoint.summary));
    for name in endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(parameter(name.trim_start_matches('*'), ParameterIn::Path, Required::True, ""));
    }
    for (name, meaning) in endpoint.parameters {
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False, meaning));
    }
    if let Some(takes) = endpoint.takes {
        let body = RequestBodyBuilder::new().content("application/json", content(takes)).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let mut good = ResponseBuilder::new().description("It went well");
    if let Some(answers) = endpoint.answers {
        good = good.content("application/json", content(answers));
    }
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
    let bad = ResponseBuilder::new().description("It did not").content("application/problem+json", problem);
    let responses = ResponsesBuilder::new().response(endpoint.status.to_string(), good).response("default", bad);
    let needs = |permission: &str| SecurityRequirement::new("token", [permission.to_owned()]);
    match endpoint.access {
        Access::Open | Access::Read => operation,
        Access::SignedIn => operation.security(SecurityRequirement::new("token", Vec::<String>::new())),
        Access::Needs(permission) | Access::NeedsOn(permission) | Access::Inside(permission) => {
            operation.security(needs(permission.as_str()))
        }
    }
    .responses(responses.build())
    .build()
}

fn parameter(name: &str, place: ParameterIn, required: Required, meaning: &str) -> utoipa::openapi::path::Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let description = Some(meaning).filter(|meaning| !meaning.is_empty());
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(description)
        .schema(Some(text))
        .build()
}

fn content(of: SchemaOf) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name((of.name)()))).build()
}
