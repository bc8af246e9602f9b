//! Every route of the service, from the slices' own lists, and what belongs to no slice: health, metrics, the API's description.

use std::sync::Arc;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use utoipa_swagger_ui::Config as SwaggerConfig;

use super::doors::{self, Doors};
use super::keys::certificate_public_key;
use crate::store::keys;
use crate::users::tokens::Tokens;
use crate::web::{Access, Call, Ground, Problem, Route, openapi};
use crate::{
    accounts, alerts, amendments, attendance, bank_feed, cases, clearance, compliance, console, credit, deposits, detectors,
    gates, laboratory, labour_cost, ledger, library, matching, matters, notice_board, operation, parties, payroll, projects,
    quarantine, realname, reporting, settlement, users, webhooks, workers,
};

/// The whole table.
pub fn all() -> Vec<Route> {
    let mut routes = own();
    // Every request is held against these in turn, so what machines send thousands of times a second stands before the rest.
    routes.extend(attendance::intake::http::routes());
    routes.extend(users::http::routes());
    routes.extend(users::contacts::http::routes());
    routes.extend(amendments::http::routes());
    routes.extend(parties::http::routes());
    routes.extend(projects::http::routes());
    routes.extend(webhooks::http::routes());
    routes.extend(quarantine::http::routes());
    routes.extend(workers::http::routes());
    routes.extend(ledger::http::routes());
    routes.extend(notice_board::http::routes());
    routes.extend(deposits::http::routes());
    routes.extend(accounts::http::routes());
    routes.extend(accounts::profiles::http::routes());
    routes.extend(accounts::reconciling::http::routes());
    routes.extend(attendance::http::routes());
    routes.extend(payroll::http::routes());
    routes.extend(settlement::http::routes());
    routes.extend(settlement::voiding::http::routes());
    routes.extend(settlement::doubts::http::routes());
    routes.extend(bank_feed::http::routes());
    routes.extend(matching::http::routes());
    routes.extend(realname::http::routes());
    routes.extend(reporting::http::routes());
    routes.extend(cases::http::routes());
    routes.extend(credit::http::routes());
    routes.extend(compliance::http::routes());
    routes.extend(gates::http::routes());
    routes.extend(clearance::closing::http::routes());
    routes.extend(gates::certificate::http::routes());
    routes.extend(gates::overriding::http::routes());
    routes.extend(labour_cost::http::routes());
    routes.extend(matters::http::routes());
    routes.extend(clearance::http::routes());
    routes.extend(detectors::http::routes());
    routes.extend(library::http::routes());
    routes.extend(laboratory::http::routes());
    routes.extend(alerts::http::routes());
    routes.extend(operation::http::routes());
    routes.extend(console::routes());
    routes
}

fn own() -> Vec<Route> {
    vec![
        Route::get("/healthz", Access::Public, "The process runs", || web::get().to(healthz)).serves("text/plain"),
        Route::get("/readyz", Access::Public, "The database answers and is up to date", || web::get().to(readyz))
            .serves("text/plain"),
        Route::get("/metrics", Access::Loopback, "Figures for Prometheus", || web::get().to(metrics)).serves("text/plain"),
        Route::get("/api/openapi.json", Access::Public, "The API's description", || web::get().to(openapi_json)),
        Route::get("/.well-known/jwks.json", Access::Public, "The key that certificates are signed with", || web::get().to(jwks)),
        Route::get("/docs", Access::Public, "The API's pages", || web::get().to(docs_index)).serves("text/html"),
        Route::get("/docs/{file:.*}", Access::Public, "The API's pages", || web::get().to(docs_file)).serves("text/html"),
    ]
}

/// What the application is built from.
#[derive(Clone)]
pub struct House {
    /// Services.
    pub ground: Arc<Ground>,
    /// Tokens.
    pub tokens: web::Data<Tokens>,
    doors: web::Data<Doors>,
    openapi: web::Data<OpenApiText>,
    routes: Arc<Vec<Route>>,
    figures: Option<PrometheusHandle>,
}

/// The OpenAPI document as served.
pub struct OpenApiText(pub String);

impl House {
    /// Puts the house together.
    pub fn new(ground: Arc<Ground>, figures: Option<PrometheusHandle>) -> Result<Self, Problem> {
        let mut routes = all();
        routes.extend(realname::http::more_routes(&ground.settings.platforms));
        let document = openapi::document(&routes).to_json().map_err(|error| Problem::internal(&error.to_string()))?;
        let tokens = Tokens::new(&ground.vault, &ground.settings.issuer)?;
        Ok(Self {
            tokens: web::Data::new(tokens),
            doors: web::Data::new(Doors::of(&routes)),
            openapi: web::Data::new(OpenApiText(document)),
            routes: Arc::new(routes),
            ground,
            figures,
        })
    }

    /// Puts every route of the table, and nothing else, into an actix application.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(web::Data::new(Arc::clone(&self.ground)))
            .app_data(self.tokens.clone())
            .app_data(self.doors.clone())
            .app_data(self.openapi.clone())
            .app_data(web::Data::new(self.figures.clone()))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
            .app_data(web::QueryConfig::default().error_handler(|error, _| {
                let problem =
                    Problem::new(crate::web::Code::Malformed, format!("查询参数有误：{error}"), format!("query: {error}"));
                problem.at("query", "bad_format").into()
            }));
        let mut paths: Vec<&'static str> = Vec::new();
        for route in self.routes.iter() {
            if !paths.contains(&route.path) {
                paths.push(route.path);
            }
        }
        let mut scope = web::scope("");
        for path in paths {
            let mut resource = web::resource(path);
            for route in self.routes.iter().filter(|route| route.path == path) {
                resource = resource.route((route.handler)());
            }
            // A gate machine knows no compression and wants a Content-Length; everybody else is served compressed where they ask for it.
            scope = match path.contains("/iclock") {
                true => scope.service(resource),
                false => scope.service(resource.wrap(Compress::default())),
            };
        }
        config.service(scope.wrap(from_fn(doors::pass)));
    }
}

async fn healthz() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

async fn readyz(ground: web::Data<Arc<Ground>>) -> Result<HttpResponse, Problem> {
    let db = ground.db.clone();
    let pending = web::block(move || crate::store::migrate::pending(&db))
        .await
        .map_err(|error| Problem::internal(&error.to_string()))??;
    if pending.is_empty() {
        return Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"));
    }
    Err(Problem::new(crate::web::Code::Unavailable, "数据库结构需要升级：anxin migrate。", "The database needs `anxin migrate`."))
}

async fn metrics(figures: web::Data<Option<PrometheusHandle>>) -> impl Responder {
    let text = figures.get_ref().as_ref().map(PrometheusHandle::render).unwrap_or_default();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

async fn openapi_json(text: web::Data<OpenApiText>) -> impl Responder {
    HttpResponse::Ok().content_type("application/json; charset=utf-8").body(text.0.clone())
}

/// The public halves of the certificate-signing keys as a JWK set (RFC 8037), the one in force first, then those that a rotation of the
/// master key has retired; the session key is apart and is never published.
async fn jwks(ground: web::Data<Arc<Ground>>) -> Result<HttpResponse, Problem> {
    let shown = |kid: &str, x: &str| json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x});
    let (kid, retired) =
        ground.db.read(|conn| -> Result<_, Problem> { Ok((keys::certificate_kid(conn)?, keys::retired(conn)?)) }).await?;
    let mut all = vec![shown(&kid, &certificate_public_key(&ground.vault))];
    all.extend(retired.iter().map(|key| shown(&key.kid, &key.public_key)));
    Ok(HttpResponse::Ok().content_type("application/jwk-set+json").body(json!({"keys": all}).to_string()))
}

async fn docs_index(_call: Call) -> impl Responder {
    HttpResponse::SeeOther().insert_header(("Location", "/docs/index.html")).finish()
}

async fn docs_file(file: web::Path<String>) -> Result<HttpResponse, Problem> {
    let name = file.into_inner();
    let name = if name.is_empty() { "index.html" } else { &name };
    let config = Arc::new(SwaggerConfig::from("/api/openapi.json"));
    let found = utoipa_swagger_ui::serve(name, config).map_err(|error| Problem::internal(&error.to_string()))?;
    found
        .map(|file| HttpResponse::Ok().content_type(file.content_type).body(file.bytes.into_owned()))
        .ok_or_else(Problem::not_found)
}
