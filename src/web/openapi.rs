//! The OpenAPI document, made from the same list of routes that the server runs.

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, RefOr, Required, ResponseBuilder,
};

use super::problem::Fault;
use super::route::{Accepts, Described};
use super::{Access, Route};
use crate::base::id::{
    AccountId, AmendmentId, AnswerId, ApiKeyId, BankEntryId, CaseId, CrewId, DepositId, DeviceId, DocumentId, FactId, FindingId,
    InboxId, JobId, LineId, MatterId, PartyId, PayRunId, PostingId, ProjectId, QuarantineId, RecordId, SheetId, StatementId,
    UserId, WorkerId,
};
use crate::base::person::Uscc;
use crate::base::{Day, Fen, Moment, Month, RegionCode};

/// A string schema with a pattern and an example.
macro_rules! text_schema {
    ($($type:ty: $pattern:expr, $example:expr;)*) => {$(
        impl utoipa::PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let object = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).pattern(Some($pattern)).examples([$example]);
                RefOr::T(Schema::Object(object.build()))
            }
        }
        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
        }
    )*};
}

const ID: &str = "^[a-z]{3}-[0-9A-HJKMNP-TV-Z]{13}$";

text_schema! {
    Fen: r"^-?[0-9]+\.[0-9]{2}$", "1234.50";
    Day: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-03-02";
    Month: r"^[0-9]{4}-[0-9]{2}$", "2026-03";
    Moment: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*$", "2026-03-02T08:00:00.000000+08:00";
    RegionCode: r"^[0-9]{6}$", "330784";
    Uscc: r"^[0-9A-HJ-NPQRTUWXY]{18}$", "91119999MA0000007J";
    UserId: ID, "usr-0CJ1V8Q2M0001";
    AmendmentId: ID, "amd-0CJ1V8Q2M0001";
    ApiKeyId: ID, "key-0CJ1V8Q2M0001";
    PartyId: ID, "pty-0CJ1V8Q2M0001";
    ProjectId: ID, "prj-0CJ1V8Q2M0001";
    DocumentId: ID, "doc-0CJ1V8Q2M0001";
    CrewId: ID, "crw-0CJ1V8Q2M0001";
    WorkerId: ID, "wkr-0CJ1V8Q2M0001";
    AccountId: ID, "acc-0CJ1V8Q2M0001";
    StatementId: ID, "stm-0CJ1V8Q2M0001";
    BankEntryId: ID, "ent-0CJ1V8Q2M0001";
    PostingId: ID, "pst-0CJ1V8Q2M0001";
    DeviceId: ID, "dev-0CJ1V8Q2M0001";
    QuarantineId: ID, "qua-0CJ1V8Q2M0001";
    InboxId: ID, "inb-0CJ1V8Q2M0001";
    SheetId: ID, "sht-0CJ1V8Q2M0001";
    LineId: ID, "lin-0CJ1V8Q2M0001";
    PayRunId: ID, "run-0CJ1V8Q2M0001";
    DepositId: ID, "dep-0CJ1V8Q2M0001";
    CaseId: ID, "cas-0CJ1V8Q2M0001";
    MatterId: ID, "mat-0CJ1V8Q2M0001";
    AnswerId: ID, "ans-0CJ1V8Q2M0001";
    FactId: ID, "fct-0CJ1V8Q2M0001";
    FindingId: ID, "fnd-0CJ1V8Q2M0001";
    JobId: ID, "job-0CJ1V8Q2M0001";
    RecordId: ID, "rec-0CJ1V8Q2M0001";
}

/// The schema of an enum of `base::words!`.
macro_rules! word_schema {
    ($($type:ident),* $(,)?) => {$(
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
                let words = $type::ALL.iter().map(|word| word.as_str());
                let object = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(words));
                utoipa::openapi::RefOr::T(Schema::Object(object.build()))
            }
        }
        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
        }
    )*};
}
pub(crate) use word_schema;

/// The body of a problem answer.
#[derive(utoipa::ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "describes the JSON that `Problem` writes by hand")]
struct ProblemBody {
    r#type: String,
    title: String,
    status: u16,
    code: String,
    detail: String,
    detail_en: String,
    errors: Vec<Fault>,
}

/// The document for these routes; only those under `/api/v1` are described.
pub fn document(routes: &[Route]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new().security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
    );
    let problem = Described::of::<ProblemBody>();
    for (name, schema) in problem.named.clone() {
        components = components.schema(name, schema);
    }
    for route in routes.iter().filter(|route| route.path.starts_with("/api/v1")) {
        let mut described: Vec<&Described> = route.success.1.iter().collect();
        if let Accepts::Json(body) = &route.accepts {
            described.push(body);
        }
        for (name, schema) in described.into_iter().flat_map(|one| one.named.clone()) {
            components = components.schema(name, schema);
        }
        paths = paths.path(route.path, path_item(route, &problem));
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("anxin")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("安薪：工程建设领域农民工工资支付监管")),
        )
        .paths(paths.build())
        .components(Some(components.build()))
        .build()
}

fn path_item(route: &Route, problem: &Described) -> PathItem {
    let method = match route.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    };
    let mut operation = OperationBuilder::new().summary(Some(route.summary)).operation_id(Some(operation_id(route)));
    operation = match route.access {
        Access::Public => operation.securities(Some(Vec::<SecurityRequirement>::new())),
        _ => operation.securities(Some([SecurityRequirement::new::<_, _, String>("bearer", [])])),
    };
    for name in route.path.split(['{', '}']).skip(1).step_by(2) {
        operation = operation.parameter(parameter(name, ParameterIn::Path, Required::True, ""));
    }
    for (name, meaning) in route.query {
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False, meaning));
    }
    if route.knows_past {
        let meaning = "a day (its end) or a moment: answer by what was on record then, under the law of then";
        operation = operation.parameter(parameter("known_at", ParameterIn::Query, Required::False, meaning));
    }
    let rehearses = route.method.as_str() != "GET" && !matches!(route.access, Access::Public | Access::Myself);
    if rehearses {
        operation =
            operation.parameter(parameter("dry_run", ParameterIn::Query, Required::False, "`true`: answer, keep nothing"));
    }
    if route.is_order {
        operation =
            operation.parameter(parameter("Idempotency-Key", ParameterIn::Header, Required::True, "8 to 64 visible characters"));
    }
    if route.is_versioned {
        operation = operation.parameter(parameter("If-Match", ParameterIn::Header, Required::True, "the version that you saw"));
    }
    match &route.accepts {
        Accepts::Nothing => {}
        Accepts::Json(body) => {
            let content = ContentBuilder::new().schema(Some(body.schema.clone())).build();
            operation = operation.request_body(Some(
                RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build(),
            ));
        }
        Accepts::File(media) => {
            let mut request = RequestBodyBuilder::new().required(Some(Required::True));
            for name in *media {
                request = request.content(*name, ContentBuilder::new().build());
            }
            operation = operation.request_body(Some(request.build()));
        }
    }
    let (status, schema) = &route.success;
    let content = ContentBuilder::new().schema(schema.as_ref().map(|one| one.schema.clone())).build();
    let success = ResponseBuilder::new().description("done").content(route.media, content).build();
    operation = operation.response(status.to_string(), success);
    if *status == 201 && rehearses {
        let content = ContentBuilder::new().schema(schema.as_ref().map(|one| one.schema.clone())).build();
        let rehearsed =
            ResponseBuilder::new().description("what would be done; nothing was kept").content(route.media, content).build();
        operation = operation.response("200", rehearsed);
    }
    for status in ["400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "503"] {
        let content = ContentBuilder::new().schema(Some(problem.schema.clone())).build();
        let refusal = ResponseBuilder::new().description("problem").content("application/problem+json", content).build();
        operation = operation.response(status, refusal);
    }
    PathItem::new(method, operation)
}

fn parameter(name: &str, place: ParameterIn, required: Required, meaning: &str) -> utoipa::openapi::path::Parameter {
    let schema = Schema::Object(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build());
    let builder = ParameterBuilder::new().name(name).parameter_in(place).required(required).schema(Some(schema));
    if meaning.is_empty() { builder.build() } else { builder.description(Some(meaning)).build() }
}

/// `POST /api/v1/projects/{project}/facts` → `post_projects_facts`.
fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/api/v1/").split('/').map(|part| part.trim_matches(['{', '}']).replace('-', "_"));
    format!("{}_{}", route.method.as_str().to_lowercase(), words.collect::<Vec<_>>().join("_"))
}
